/** Doubts about what a version lets leave: legal bases, and items that its work hardly needs. */
import type { Contract, SubjectKind } from '#src/base/words.ts';
import { at, atItem, doubt, itemName, type Finding, type Version } from './finding.ts';
import { isMarketing, workKinds } from './work-kinds.ts';

/** Items that a registration number says, and the rule of the dictionary's labels. */
const saidByNumber = ['birthDate', 'gender', 'age'];

function ofClass(contract: Contract, itemClass: string): string[] {
  const { items } = contract.dictionary;
  return contract.items.flatMap(({ item }) => (items.get(item)?.class === itemClass ? [item] : []));
}

function legalBasisDoubts(version: Version): Finding[] {
  const { contract } = version;
  return ofClass(contract, 'uniqueIdentifier').flatMap((code) => {
    const name = itemName(contract, code);
    const legal = contract.legalBasis.get(code);
    if (!legal) return [doubt(atItem(version, code), 'legal-basis.missing', name)];
    const listed = contract.text['legalBasis'] as readonly { item: string }[];
    const place = ['legalBasis', listed.findIndex(({ item }) => item === code)];
    const where = at(version, place, code);
    const onConsent = /\bconsent/i.test(legal.basis.en) || legal.basis.ko.includes('동의');
    return [
      ...(legal.confirmed ? [] : [doubt(where, 'legal-basis.unconfirmed', name)]),
      ...(onConsent ? [doubt(where, 'legal-basis.consent', name)] : []),
    ];
  });
}

function needDoubts(version: Version): Finding[] {
  const { contract } = version;
  const contracted = contract.items.map(({ item }) => item);
  const found: Finding[] = [];
  if (contracted.includes('age') && contracted.includes('birthDate')) {
    found.push(doubt(atItem(version, 'age'), 'item.age-and-birth-date'));
  }
  if (contract.legalBasis.has('residentRegistrationNumber')) {
    for (const code of contracted.filter((item) => saidByNumber.includes(item))) {
      const name = itemName(contract, code);
      found.push(doubt(atItem(version, code), 'item.in-registration-number', name));
    }
  }
  for (const kind of workKinds(contract)) {
    const unneeded = [
      ...(kind.needsNoIdentifier
        ? ofClass(contract, 'uniqueIdentifier').map((code) => ['identifier', code] as const)
        : []),
      ...(kind.needsNoHealth
        ? ofClass(contract, 'sensitiveHealth').map((code) => ['health', code] as const)
        : []),
    ];
    for (const [what, code] of unneeded) {
      const rule = `item.${what}-for-work` as const;
      found.push(doubt(atItem(version, code), rule, itemName(contract, code), kind.name));
    }
  }
  // work of two kinds would say the same of an item twice
  return found.filter(
    (one, index) =>
      found.findIndex(({ rule, item }) => rule === one.rule && item === one.item) === index,
  );
}

/** An organisation goes with everyone, and the practitioner who orders with a patient. */
function alsoAbout(subject: SubjectKind): readonly string[] {
  return subject === 'patient' ? ['organisation', 'practitioner'] : ['organisation'];
}

function subjectDoubts(version: Version): Finding[] {
  const { contract } = version;
  const allowed = [contract.subject, ...alsoAbout(contract.subject)];
  return contract.items.flatMap(({ item }) => {
    const about = contract.dictionary.items.get(item)?.subject ?? [];
    if (about.some((one) => allowed.includes(one))) return [];
    return [doubt(atItem(version, item), 'item.other-subject', itemName(contract, item))];
  });
}

/** Everything that is doubtful about the items of a version, and about work that must be told. */
export function doubtsOfItems(version: Version): Finding[] {
  const { contract } = version;
  const required = contract.items.some((one) => one.required);
  return [
    ...legalBasisDoubts(version),
    ...needDoubts(version),
    ...subjectDoubts(version),
    ...(required ? [] : [doubt(at(version, ['items']), 'item.none-required')]),
    ...(isMarketing(contract) ? [doubt(at(version, ['work']), 'work.marketing')] : []),
  ];
}
