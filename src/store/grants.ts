/** What the gateway's role may do, in full: whatever is not written here it cannot (law 5). */
import { escapeIdentifier } from 'pg';
import { StartupError } from '#src/base/errors.ts';
import type { Queryable } from './pool.ts';
import { comparePowers } from './powers.ts';

/**
 * By table. Partitions get nothing of their own: access through the parent is checked against the
 * parent alone, so a partition made later needs no grant and cannot be reached around it.
 */
export const tables: Readonly<Record<string, string>> = {
  schema_migrations: 'SELECT',
  contract_versions: 'SELECT, INSERT',
  key_checks: 'SELECT, INSERT',
  keys: 'SELECT, INSERT, UPDATE (began_at, ended_at, retired_at, entry)',
  processes: 'SELECT, INSERT, DELETE, UPDATE (seen_at, held, working)',
  contract_steps: 'SELECT, INSERT',
  relation_ends: 'SELECT, INSERT',
  lost_signatures: 'SELECT, INSERT, DELETE',
  destruction_orders:
    'SELECT, INSERT, UPDATE (received, certified_at, file_sha256, method, destroyed_on,' +
    ' signature, signer)',
  suspensions: 'SELECT, INSERT, DELETE',
  consignee_states: 'SELECT, INSERT, DELETE',
  endpoints:
    'SELECT, INSERT, UPDATE (failures, opened_at, probe_at, held_until, disabled_at, next_at,' +
    ' last_outcome, last_success_at, last_failure_at)',
  check_ins: 'SELECT, INSERT, UPDATE (seen_at)',
  alerts: 'SELECT, INSERT, DELETE',
  events: 'SELECT, INSERT, DELETE, UPDATE (attempts, due_at, lease, last_outcome, ended_at)',
  receipts: 'SELECT, INSERT',
  clients: 'SELECT, INSERT, UPDATE (scopes, jwks, revoked_at, change, mac)',
  staff:
    'SELECT, INSERT, UPDATE (roles, display_name, password, totp, enrolment, enrolment_until,' +
    ' revoked_at, change, mac, failures, locks, locked_until, totp_step, signed_in_at)',
  sign_ins: 'SELECT, INSERT, DELETE, UPDATE (sealed, uid, staff, grant_id, seen_at, consumed_at)',
  access_changes: 'SELECT, INSERT',
  assertion_replays: 'SELECT, INSERT, DELETE',
  // FOR KEY SHARE needs UPDATE on some column.
  subjects: 'SELECT, INSERT, DELETE, UPDATE (identifier_hmac, hmac_key)',
  subject_links: 'SELECT, INSERT, DELETE',
  archives: 'SELECT',
  idempotency_keys: 'SELECT, INSERT, DELETE',
  // What was released to whom under which contract is written once.
  transfers:
    'SELECT, INSERT, UPDATE (status, subject, reference, reference_hmac, entry, attempts,' +
    ' attempts_before, due_at, lease, last_outcome, expires_at, taken_at, settled_at, purge_at,' +
    ' purged_at)',
  results:
    'SELECT, INSERT, UPDATE (status, entry, collected_at, purge_at, purged_at, retracted_at,' +
    ' statement_hmac, parcel_hmac)',
  quarantined_results: 'SELECT, INSERT, UPDATE (result, transfer, matched_at, purge_at, purged_at)',
  attachments: 'SELECT, INSERT, DELETE, UPDATE (bytes, sha256, result, purged_at)',
  attachment_pieces: 'SELECT, INSERT, DELETE',
  payloads: 'SELECT, INSERT, DELETE',
  transfer_classes: 'SELECT, INSERT',
  class_months: 'SELECT, INSERT',
  // FOR UPDATE needs UPDATE on some column; `id` is GENERATED ALWAYS and cannot be set.
  submissions: 'SELECT, INSERT, DELETE, UPDATE (id)',
  entries: 'SELECT, INSERT',
  tiles: 'SELECT, INSERT',
  checkpoints: 'SELECT, INSERT',
  tree_head: 'SELECT, UPDATE (size, frontier)',
  noted: 'SELECT, UPDATE (size)',
  cosignatures: 'SELECT, INSERT',
  fork_notes: 'SELECT, INSERT',
  forks_accepted: 'SELECT, INSERT',
  activity_mark: 'SELECT, UPDATE (next)',
  activity_days: 'SELECT, INSERT, UPDATE (count)',
  activity_items: 'SELECT, INSERT',
  audit_reads: 'SELECT, INSERT, UPDATE (found)',
  reviews: 'SELECT, INSERT',
};

const functions = [
  ...[
    'ensure_partitions(integer)',
    'uuid_floor(timestamptz)',
    'leaf_transfer(bytea)',
    'uuid_month(uuid)',
    'transfer_facts(text, text, text, text[], text[], jsonb)',
    'transfer_class(text, text, text, text[], text[], jsonb)',
  ],
  ...['hold_hmac_key(text)', 'leaf_accounts(bytea)'],
];

/** Tables that may only ever be added to. */
export const appendOnly = [
  ...['entries', 'tiles', 'checkpoints', 'contract_versions', 'contract_steps', 'relation_ends'],
  ...['cosignatures', 'fork_notes', 'forks_accepted', 'reviews'],
  'access_changes',
];

/**
 * Sets the grants on the current database to exactly those above. Run as the owner, in a
 * transaction; idempotent.
 */
export async function grantGateway(owner: Queryable, gatewayRole: string): Promise<void> {
  const role = escapeIdentifier(gatewayRole);
  await grantConnect(owner, gatewayRole);
  await owner.query(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, ${role}`);
  await owner.query(`REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, ${role}`);
  await owner.query(`REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC, ${role}`);
  await owner.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
  for (const [table, privileges] of Object.entries(tables)) {
    await owner.query(`GRANT ${privileges} ON ${table} TO ${role}`);
  }
  await owner.query(`GRANT EXECUTE ON FUNCTION ${functions.join(', ')} TO ${role}`);
}

/** The grants of the database itself, which a copy made by CREATE DATABASE does not inherit. */
export async function grantConnect(owner: Queryable, gatewayRole: string): Promise<void> {
  const { rows } = await owner.query<{ name: string }>('SELECT current_database() AS name');
  const database = escapeIdentifier(rows[0]?.name ?? '');
  await owner.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await owner.query(`GRANT CONNECT ON DATABASE ${database} TO ${escapeIdentifier(gatewayRole)}`);
}

/** So many powers are named in one refusal. */
const namedMax = 8;

/**
 * Refuses to serve with a role that can do anything else than what is written here: more (a
 * superuser, an owner, a member of another role, one grant too many) or less.
 *
 * @throws StartupError naming what
 */
export async function assertPowerless(db: Queryable): Promise<void> {
  const { more, less } = await comparePowers(db, { tables, functions });
  const advice = 'connect as a role that owns nothing; `npx waybill migrate` sets its grants';
  const faults = [
    ...(more.length > 0 ? [`has more than it may have: ${named(more)}`] : []),
    ...(less.length > 0 ? [`lacks what it needs: ${named(less)}`] : []),
  ];
  if (faults.length === 0) return;
  throw new StartupError(faults.map((fault) => `the role of DATABASE_URL ${fault}: ${advice}`));
}

function named(powers: readonly string[]): string {
  const rest = powers.length - namedMax;
  return [...powers.slice(0, namedMax), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}
