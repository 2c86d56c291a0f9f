/** The kinds of client, and the most that each of them may ever be allowed. */

import type { Role } from '#src/base/words.ts';

export type { Role };

const SCOPES = {
  emr: ['transfers:write', 'transfers:read', 'transfers:preview', 'results:collect'],
  consignee: ['inbox:claim', 'results:return', 'results:read', 'contract:read', 'ledger:witness'],
  auditor: ['ledger:read', 'audit:read', 'audit:review'],
  // all that an auditor may, and what only the clinic's own officer answers for
  // prettier-ignore
  'privacy-officer': [
    'ledger:read', 'audit:read', 'audit:review', 'transfers:preview', 'subjects:erase',
    'ledger:witness',
  ],
  operator: ['consignees:operate', 'contracts:end', 'access:admin'],
} as const satisfies Record<Role, readonly string[]>;

/** One permission. What it opens is the same for every role that holds it. */
export type Scope = (typeof SCOPES)[Role][number];

/** Every role, in the order in which lists show them. */
export const ROLES: readonly Role[] = Object.keys(SCOPES) as Role[];

/** Every scope that a token can carry. */
export const ALL_SCOPES: readonly Scope[] = [...new Set(ROLES.flatMap((role) => SCOPES[role]))];

/** True when the text names a role. */
export function isRole(text: unknown): text is Role {
  return ROLES.some((role) => role === text);
}

/** The scopes that a client of this role may have, and no others. */
export function scopesOf(role: Role): readonly Scope[] {
  return SCOPES[role];
}
