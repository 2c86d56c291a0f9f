/** Turns one `<consignee>/v<N>.yaml` into a contract, or says everything that is wrong with it. */
import { canonicalBytes, sha256 } from '#src/base/canonical.ts';
import type { Contract, ContractSignature } from '#src/base/words.ts';
import { reportAboutItems, reportDates, reportLists, reportReadable } from './contract-checks.ts';
import type { ContractText, Report } from './contract-checks.ts';
import type { DictionaryFile } from './dictionary-file.ts';
import { wrong, type Faults } from './faults.ts';
import { fitsSchema } from './schemas.ts';
import type { YamlFile } from './yaml-file.ts';

/** Days that hold where a contract does not say otherwise. They never change. */
const purgeAfterDaysDefault = 7;
const expireAfterDaysDefault = 30;
const destroyWithinDaysDefault = 5;

/** Until its signatures have been read, a version counts as unsigned: never in force. */
const unsigned: ContractSignature = {
  state: 'unsigned',
  isDemo: false,
  clinic: null,
  consignee: null,
  noticedOn: null,
  why: { en: 'nobody has signed it', ko: '아무도 서명하지 않았습니다' },
};

function build(text: ContractText, { dictionary, text: dictionaryText }: DictionaryFile): Contract {
  const { retention } = text;
  const canonical = canonicalBytes({ contract: text, dictionary: dictionaryText });
  return {
    id: `${text.consignee}.v${text.version}`,
    consignee: text.consignee,
    version: text.version,
    dictionary,
    digest: sha256(canonical),
    work: text.work,
    purpose: text.purpose,
    subject: text.subject,
    items: text.items,
    returns: text.returns,
    validFrom: text.validFrom,
    validUntil: text.validUntil,
    retention: {
      text: retention.text,
      purgeAfterDays: retention.purgeAfterDays ?? purgeAfterDaysDefault,
      expireAfterDays: retention.expireAfterDays ?? expireAfterDaysDefault,
      destroyWithinDays: retention.destroyWithinDays ?? destroyWithinDaysDefault,
    },
    legalBasis: new Map(
      (text.legalBasis ?? []).map(({ item, basis, confirmed }) => [item, { basis, confirmed }]),
    ),
    onTextMatch: text.onTextMatch ?? 'refuse',
    receipts: text.receipts ?? 'optional',
    reason: text.reason ?? null,
    subConsignees: text.subConsignees ?? [],
    canonical,
    signature: unsigned,
    text: text as unknown as Readonly<Record<string, unknown>>,
  };
}

/**
 * Reads a contract from a parsed file that stands in folder `consignee` and is named `v<version>`.
 *
 * The digest is SHA-256 of the RFC 8785 form of `{contract, dictionary}`, both parsed texts: a
 * dictionary edited under a registered contract would change what the contract means, so it
 * changes the digest too and start-up refuses (law 6). Comments and layout are not digested.
 */
export function readContract(
  deps: { faults: Faults; dictionaries: ReadonlyMap<number, DictionaryFile | undefined> },
  input: { file: YamlFile; consignee: string; version: number },
): Contract | undefined {
  const { faults, dictionaries } = deps;
  const { file, consignee, version } = input;
  const before = faults.count;
  const report: Report = (place, said) => faults.add(file.path, file.lineOf(place), said);
  if (!fitsSchema('contract', file, faults)) {
    reportReadable(file.value, dictionaries, report);
    return undefined;
  }
  const text = file.value as ContractText;
  if (text.consignee !== consignee) {
    report(['consignee'], wrong('contract.consignee', consignee));
  }
  if (text.version !== version) {
    report(['version'], wrong('contract.version', version));
  }
  reportDates(text, report);
  const dictionary = dictionaries.get(text.dictionary);
  if (!dictionaries.has(text.dictionary)) {
    const known = [...dictionaries.keys()].join(', ') || 'none';
    report(['dictionary'], wrong('contract.dictionary', text.dictionary, known));
  }
  // a faulty dictionary has told its own faults: its contracts are not judged by it
  if (!dictionary) return undefined;
  reportLists(text, dictionary.dictionary, report);
  reportAboutItems(text, dictionary.dictionary, report);
  return faults.count > before ? undefined : build(text, dictionary);
}
