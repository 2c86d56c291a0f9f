/** What makes a person's account sound, and the secret that a person begins with. */
import { GatewayError } from '#src/base/errors.ts';
import { sha256 } from '#src/base/canonical.ts';
import type { FieldProblem, Role } from '#src/base/words.ts';
import { scopesOf, type Scope } from './roles.ts';

/** What people can be; an EMR and a consignee are machines. */
export const STAFF_ROLES = ['auditor', 'privacy-officer', 'operator'] as const satisfies Role[];

export type StaffRole = (typeof STAFF_ROLES)[number];

/** Lower case, 3 to 40 characters; a handle, never a person's name. */
export const STAFF_ID = /^[a-z][a-z0-9-]{2,39}$/;
/** A longer row of digits may be somebody's number. */
const LONG_NUMBER = /\d{6}/;
const NAME_LENGTH_MAX = 60;

/** How long the secret that a person begins with counts. */
export const ENROLMENT_HOURS = 72;

export const isStaffRole = (text: unknown): text is StaffRole =>
  STAFF_ROLES.some((role) => role === text);

/** All that a person with these roles may do. */
export function scopesOfRoles(roles: readonly StaffRole[]): Scope[] {
  return [...new Set(roles.flatMap((role) => scopesOf(role)))];
}

/** A handle for an account: it tells nothing of the person. */
export function makeStaffId(randomBytes: (size: number) => Buffer): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const picked = [...randomBytes(6)].map((byte) => letters[byte % letters.length]);
  return `staff-${picked.join('')}`;
}

/** What is given to a person, once; only its hash is kept. 160 bits in groups of four. */
export function makeEnrolment(
  randomBytes: (size: number) => Buffer,
  now: Date,
): { token: string; hash: Buffer; until: Date } {
  const token = randomBytes(20)
    .toString('hex')
    .replace(/.{4}(?=.)/g, '$&-');
  const until = new Date(now.getTime() + ENROLMENT_HOURS * 3_600_000);
  return { token, hash: hashEnrolment(token), until };
}

/** People type it with blanks, without hyphens, or in capitals. */
export function hashEnrolment(token: string): Buffer {
  return sha256(Buffer.from(token.toLowerCase().replace(/[\s-]/g, ''), 'utf8'));
}

/** Throws `INVALID_REQUEST` with every fault of an account to make. */
export function assertStaffSound(staff: {
  id: string;
  roles: readonly string[];
  displayName: string | null;
}): void {
  const problems: FieldProblem[] = [];
  if (!STAFF_ID.test(staff.id) || LONG_NUMBER.test(staff.id)) {
    problems.push({ pointer: '/id', rule: 'format' });
  }
  problems.push(...roleProblems(staff.roles));
  const { displayName } = staff;
  if (displayName !== null && (displayName === '' || displayName.length > NAME_LENGTH_MAX)) {
    problems.push({ pointer: '/displayName', rule: 'length' });
  }
  if (problems.length > 0) throw new GatewayError('INVALID_REQUEST', { problems });
}

/** Throws `INVALID_REQUEST` unless there is at least one role and each is one for people. */
export function assertRoles(roles: readonly string[]): asserts roles is readonly StaffRole[] {
  const problems = roleProblems(roles);
  if (problems.length > 0) throw new GatewayError('INVALID_REQUEST', { problems });
}

function roleProblems(roles: readonly string[]): FieldProblem[] {
  if (roles.length === 0) return [{ pointer: '/roles', rule: 'required' }];
  return roles.every(isStaffRole) ? [] : [{ pointer: '/roles', rule: 'invalid' }];
}
