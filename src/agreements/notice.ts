/** The clinic's published table of consignees, made from the contracts that decide. */
import type {
  Clinic,
  Consignee,
  Contract,
  ItemClass,
  SubjectKind,
  Words,
} from '#src/base/words.ts';
import { contractInForce } from './force.ts';
import type { Agreements } from './load.ts';
import {
  historyOf,
  sinceDay,
  upcomingOf,
  type NoticeChange,
  type NoticePast,
  type NoticeStanding,
} from './notice-life.ts';

export interface NoticeItem {
  item: string;
  label: Words;
  class: ItemClass;
  /** What the item means in this contract, where its label leaves it open. */
  meaning?: Words;
}

/** What is doubtful about a contract although it holds. */
export interface ContractWarning {
  code: 'LEGAL_BASIS_UNCONFIRMED';
  item: string;
}

/** What a reader of the notice must know about a contract. */
export interface NoticeWarning {
  /** `LEGAL_BASIS_MISSING`: the item is listed and withheld. */
  code: 'LEGAL_BASIS_UNCONFIRMED' | 'LEGAL_BASIS_MISSING' | 'DEMO_SIGNATURE';
  /** A dictionary code; absent where it is about the whole contract. */
  item?: string;
}

export interface NoticeSubConsignee {
  name: Words;
  work: Words;
  items: NoticeItem[];
  /** The Seoul day of the clinic's written consent. */
  consentedOn: string;
}

export interface NoticeRow {
  consignee: string;
  name: Words;
  address: Words;
  contact: { department: Words; email: string };
  work: Words;
  purpose: Words;
  /** Whose data it is. */
  subject: SubjectKind;
  items: NoticeItem[];
  retention: Words;
  contract: string;
  /** The first Seoul day on which this version decides. */
  since: string;
  /** The last Seoul day on which it decides; null: until the end of the outsourcing contract. */
  validUntil: string | null;
  subConsignees: NoticeSubConsignee[];
  /** `demo`: signed by keys of the embedded default, which proves nothing. */
  signed: { demo: boolean };
  warnings: NoticeWarning[];
}

/** What the law asks the clinic to publish: who processes what for it, and until when. */
export interface Notice {
  /** Seoul calendar date. */
  asOf: string;
  /** Null where there is no `clinic.yaml`. */
  clinic: {
    name: Words;
    privacyOfficer: { title: Words; email: string; phone: string | null };
  } | null;
  /** Some version that is shown was signed by demo keys. */
  demoSigned: boolean;
  consignees: NoticeRow[];
  /** The next change first. */
  upcoming: NoticeChange[];
  /** The newest first. */
  history: NoticePast[];
}

/** What an item means in a contract, where the contract pins it. */
export function pinOf(contract: Contract, item: string): Words | undefined {
  const pins = (contract.text['pins'] ?? {}) as Readonly<Record<string, Words>>;
  return Object.hasOwn(pins, item) ? pins[item] : undefined;
}

function itemRow(contract: Contract, code: string): NoticeItem {
  const entry = contract.dictionary.items.get(code);
  if (!entry) throw new Error(`${contract.id} lists ${code}, which its dictionary lacks`);
  const meaning = pinOf(contract, code);
  return { item: code, label: entry.label, class: entry.class, ...(meaning && { meaning }) };
}

/** The warnings of one contract version: legal bases that counsel has not confirmed yet. */
export function contractWarnings(contract: Contract): ContractWarning[] {
  return [...contract.legalBasis]
    .filter(([, { confirmed }]) => !confirmed)
    .map(([item]) => ({ code: 'LEGAL_BASIS_UNCONFIRMED', item }));
}

function noticeWarnings(contract: Contract, items: readonly NoticeItem[]): NoticeWarning[] {
  const missing = items.filter(
    (one) => one.class === 'uniqueIdentifier' && !contract.legalBasis.has(one.item),
  );
  return [
    ...contractWarnings(contract),
    ...missing.map(({ item }) => ({ code: 'LEGAL_BASIS_MISSING' as const, item })),
    ...(contract.signature.isDemo ? [{ code: 'DEMO_SIGNATURE' as const }] : []),
  ];
}

function rowOf(consignee: Consignee, contract: Contract, standing: NoticeStanding): NoticeRow {
  const items = contract.items.map(({ item }) => itemRow(contract, item));
  return {
    ...{ consignee: consignee.id, name: consignee.name, address: consignee.address },
    contact: consignee.contact,
    ...{ work: contract.work, purpose: contract.purpose, subject: contract.subject, items },
    ...{ retention: contract.retention.text, contract: contract.id },
    since: sinceDay(contract, standing) ?? contract.validFrom,
    validUntil: contract.validUntil,
    subConsignees: contract.subConsignees.map(({ name, work, items: passedOn, consentedOn }) => ({
      ...{ name, work, consentedOn },
      items: passedOn.map((item) => itemRow(contract, item)),
    })),
    signed: { demo: contract.signature.isDemo },
    warnings: noticeWarnings(contract, items),
  };
}

function clinicRow(clinic: Clinic | null): Notice['clinic'] {
  if (!clinic) return null;
  const { title, email, phone = null } = clinic.privacyOfficer;
  return { name: clinic.name, privacyOfficer: { title, email, phone } };
}

/**
 * The notice as of a Seoul calendar date (`YYYY-MM-DD`), one row for each consignee with a
 * contract in force, in the order of their ids; what is going to change; what was before.
 */
export function notice(agreements: Agreements, standing: NoticeStanding, today: string): Notice {
  const rows: NoticeRow[] = [];
  const upcoming: NoticeChange[] = [];
  const history: NoticePast[] = [];
  const { contracts } = agreements;
  const consignees = [...agreements.consignees.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const consignee of consignees) {
    const row = (contract: Contract) => rowOf(consignee, contract, standing);
    const relation = { consignee, contracts, standing, rowOf: row };
    const contract = contractInForce(relation, consignee.id, today);
    if (contract) rows.push(row(contract));
    upcoming.push(...upcomingOf(relation, today));
    history.push(...historyOf(relation, today));
  }
  const shown = [...rows, ...upcoming.flatMap(({ entry }) => entry ?? [])];
  return {
    asOf: today,
    clinic: clinicRow(agreements.clinic),
    demoSigned: shown.some(({ signed }) => signed.demo),
    consignees: rows,
    // Sorting is stable: changes of one day stay in the order of the consignees.
    upcoming: upcoming.sort((a, b) => (a.from === b.from ? 0 : a.from < b.from ? -1 : 1)),
    history: history.sort((a, b) => compareEnds(b, a)),
  };
}

/** The later end is the greater; one that nobody has recorded is the greatest. */
function compareEnds(one: NoticePast, other: NoticePast): number {
  const [a, b] = [one.until ?? '~', other.until ?? '~'];
  return a === b ? 0 : a < b ? -1 : 1;
}
