/** What the gateway's role may do, in full: whatever is not written here it cannot (law 5). */
import { escapeIdentifier } from 'pg';
import { StartupError } from '#src/base/errors.ts';
import type { Queryable } from './pool.ts';

/**
 * By table. Partitions get nothing of their own: access through the parent is checked against the
 * parent alone, so a partition made later needs no grant and cannot be reached around it.
 */
const tables: Readonly<Record<string, string>> = {
  schema_migrations: 'SELECT',
  contract_versions: 'SELECT, INSERT',
  key_checks: 'SELECT, INSERT',
  contract_steps: 'SELECT, INSERT',
  relation_ends: 'SELECT, INSERT',
  lost_signatures: 'SELECT, INSERT, DELETE',
  destruction_orders:
    'SELECT, INSERT, UPDATE (received, certified_at, file_sha256, method, destroyed_on, signature,' +
    ' signer)',
  suspensions: 'SELECT, INSERT, DELETE',
  consignee_states: 'SELECT, INSERT, DELETE',
  endpoints:
    'SELECT, INSERT, UPDATE (failures, opened_at, probe_at, held_until, disabled_at, next_at,' +
    ' last_outcome, last_success_at, last_failure_at)',
  check_ins: 'SELECT, INSERT, UPDATE (seen_at)',
  alerts: 'SELECT, INSERT, DELETE',
  events: 'SELECT, INSERT, DELETE, UPDATE (attempts, due_at, lease, last_outcome, ended_at)',
  receipts: 'SELECT, INSERT',
  clients: 'SELECT, INSERT, UPDATE (scopes, jwks, revoked_at)',
  assertion_replays: 'SELECT, INSERT, DELETE',
  subjects: 'SELECT, INSERT, DELETE',
  idempotency_keys: 'SELECT, INSERT, DELETE',
  // What was released to whom under which contract is written once.
  transfers:
    'SELECT, INSERT, UPDATE (status, reference, reference_hmac, entry, attempts, attempts_before,' +
    ' due_at, lease, last_outcome, expires_at, taken_at, settled_at, purge_at, purged_at)',
  results:
    'SELECT, INSERT, UPDATE (status, entry, collected_at, purge_at, purged_at, retracted_at)',
  quarantined_results: 'SELECT, INSERT, UPDATE (result, transfer, matched_at, purge_at, purged_at)',
  attachments: 'SELECT, INSERT, DELETE, UPDATE (bytes, sha256, result, purged_at)',
  attachment_pieces: 'SELECT, INSERT, DELETE',
  payloads: 'SELECT, INSERT, DELETE',
  // FOR UPDATE needs UPDATE on some column; `id` is GENERATED ALWAYS and cannot be set.
  submissions: 'SELECT, INSERT, DELETE, UPDATE (id)',
  entries: 'SELECT, INSERT',
  tiles: 'SELECT, INSERT',
  checkpoints: 'SELECT, INSERT',
  tree_head: 'SELECT, UPDATE (size, frontier)',
};

const functions = ['ensure_partitions(integer)', 'uuid_floor(timestamptz)', 'leaf_transfer(bytea)'];

/** Tables that may only ever be added to. */
const appendOnly = [
  ...['entries', 'tiles', 'checkpoints', 'contract_versions', 'contract_steps', 'relation_ends'],
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

/**
 * Refuses to serve with a role that could rewrite the ledger: a superuser, the owner or a member of
 * the owner's role, or one with UPDATE, DELETE or TRUNCATE on an append-only table or a partition.
 *
 * @throws StartupError
 */
export async function assertPowerless(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ role: string; super: boolean; tables: string[] }>(
    `WITH RECURSIVE kept AS (
       SELECT c.oid, c.relname, c.relowner FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1)
       UNION ALL
       SELECT c.oid, c.relname, c.relowner FROM kept
         JOIN pg_inherits i ON i.inhparent = kept.oid JOIN pg_class c ON c.oid = i.inhrelid)
     SELECT current_user::text AS role,
            (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super,
            coalesce(array_agg(relname::text ORDER BY relname) FILTER (WHERE
              pg_has_role(relowner, 'MEMBER')
              OR has_any_column_privilege(oid, 'UPDATE')
              OR has_table_privilege(oid, 'DELETE, TRUNCATE, TRIGGER')), '{}') AS tables
       FROM kept`,
    [appendOnly],
  );
  const found = rows[0];
  if (found === undefined || found.super || found.tables.length > 0) {
    throw new StartupError([
      `the role ${found?.role ?? ''} of DATABASE_URL could rewrite ${found?.tables.join(', ')}: ` +
        'connect as a role that owns nothing; `npx waybill migrate` sets its grants',
    ]);
  }
}
