/** The shipped contracts with a past and a future, for the notice: all of it is made up. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { loadAgreements, type Agreements } from '#src/agreements/load.ts';
import type { NoticeStanding } from '#src/agreements/notice-life.ts';
import { resolveSecret } from '#test/agreements/folders.ts';

const root = join(import.meta.dirname, '../..');

type ContractText = Record<string, unknown> & {
  items: { item: string; required: boolean }[];
  pins: Record<string, unknown>;
};

/** The day on which the sample is looked at. */
export const sampleDay = '2026-07-20';

const courier = {
  name: { en: 'Hanbit Specimen Courier', ko: '한빛검체운송' },
  work: { en: 'Transport of specimens to the laboratory', ko: '검체 운송' },
  items: ['name', 'chartNumber'],
  consentedOn: '2026-02-10',
};

/** What the second versions say otherwise than the first. */
const secondVersions: Readonly<Record<string, (text: ContractText) => object>> = {
  // In force since March, with a sub-consignee, and one item more.
  samkwang: (text) => ({
    validFrom: '2026-03-01',
    reason: { en: 'Results are now matched by date too.', ko: '결과 대조에 의뢰일 사용' },
    subConsignees: [courier],
    items: text.items,
  }),
  // From August: an item more, an item less, another retention.
  eone: (text) => ({
    validFrom: '2026-08-01',
    reason: {
      en: 'Specimens are now labelled with the day on which they were taken.',
      ko: '검체 라벨에 채취일을 표기하기 위함',
    },
    items: [
      ...text.items.filter(({ item }) => item !== 'birthDate'),
      { item: 'collectionDate', required: true },
    ],
    retention: { text: { en: 'Five years after the test', ko: '검사일부터 5년' } },
    subConsignees: [courier],
  }),
  // Ends with the year.
  infinite: () => ({ validFrom: '2026-05-01', validUntil: '2026-12-31' }),
};

/** Contracts that were over before the sample's day. */
const ended: Readonly<Record<string, string>> = { infonet: '2026-06-30' };

/** No contract of this one began before: it is new from September. */
const laterFirst: Readonly<Record<string, string>> = { lctech: '2026-09-01' };

function edit(path: string, change: (text: ContractText) => object, target = path): void {
  const text = parse(readFileSync(path, 'utf8')) as ContractText;
  writeFileSync(target, stringify({ ...text, ...change(text) }));
}

/** The agreements as their files say, every contract signed by both. */
export function sampleAgreements(signature: { isDemo: boolean }): Agreements {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-notice-'));
  try {
    for (const name of ['contracts', 'consignees']) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    const contractsDir = join(folder, 'contracts');
    const first = (id: string) => join(contractsDir, id, 'v1.yaml');
    for (const [id, validUntil] of Object.entries(ended)) edit(first(id), () => ({ validUntil }));
    for (const [id, validFrom] of Object.entries(laterFirst)) {
      edit(first(id), () => ({ validFrom }));
    }
    for (const [id, change] of Object.entries(secondVersions)) {
      const version = (text: ContractText) => ({ ...change(text), version: 2 });
      edit(first(id), version, join(contractsDir, id, 'v2.yaml'));
    }
    const agreements = loadAgreements(
      { resolveSecret },
      { contractsDir, consigneesDir: join(folder, 'consignees') },
    );
    const { contracts, clinic } = agreements;
    const officer = clinic && { ...clinic.privacyOfficer, phone: '+82 2-555-0100' };
    return {
      ...agreements,
      clinic: clinic && officer && { ...clinic, privacyOfficer: officer },
      contracts: contracts.map((one) => ({
        ...one,
        signature: { ...one.signature, ...signature, state: 'signed', why: null },
      })),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Everything was shown in time; what had begun by the sample's day is recorded. */
export function sampleStanding({ contracts }: Agreements): NoticeStanding {
  const begun = contracts.filter(({ validFrom }) => validFrom <= sampleDay);
  return {
    noticedOn: new Map(
      contracts.map(({ id, version }) => [id, version === 1 ? '2025-12-20' : '2026-02-15']),
    ),
    activated: new Set(begun.map(({ id }) => id)),
    endedThrough: new Map(),
    recorded: new Map(begun.map(({ id, validFrom }) => [`${id} activated`, validFrom])),
  };
}
