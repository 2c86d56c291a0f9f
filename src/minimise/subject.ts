/** Whose record it is: a mixed-up person is the worst mistake that an EMR can make. */
import type { SubjectKind } from '#src/base/words.ts';
import type { Finding } from './problems.ts';
import { isObject } from './shape.ts';

/** Where a record names its subject, by kind. A visitor has no number of their own. */
const IDENTIFIERS: Readonly<Record<SubjectKind, readonly string[]>> = {
  patient: ['chartNumber'],
  practitioner: ['licenseNumber'],
  member: ['websiteMemberInformation', 'memberId'],
  visitor: [],
};

/**
 * Compares the subject with the contract's kind, then with the record, wherever the record names
 * it, contracted or not. Compared in NFC. Undefined when nothing speaks against it.
 */
export function checkSubject(
  kind: SubjectKind,
  subject: { kind: SubjectKind; id: string },
  record: Readonly<Record<string, unknown>>,
): (Finding & { reason: 'WRONG_SUBJECT' | 'SUBJECT_MISMATCH' }) | undefined {
  if (subject.kind !== kind) {
    return { reason: 'WRONG_SUBJECT', pointer: '/subject/kind', rule: 'mismatch' };
  }
  const path = IDENTIFIERS[kind];
  const identifier = identifierIn(kind, record);
  if (identifier === undefined || identifier === null) return undefined;
  const isText = typeof identifier === 'string';
  if (isText && identifier.normalize('NFC') === subject.id.normalize('NFC')) return undefined;
  const pointer = `/record/${path.join('/')}`;
  const place = { pointer, rule: isText ? 'mismatch' : 'type' } as const;
  return { reason: 'SUBJECT_MISMATCH', ...place, code: path[0]! };
}

/** What the record calls its subject, as it came; undefined where it does not say. */
export function identifierIn(
  kind: SubjectKind,
  record: Readonly<Record<string, unknown>>,
): unknown {
  return memberAt(record, IDENTIFIERS[kind]);
}

function memberAt(record: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = path.length > 0 ? record : undefined;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
