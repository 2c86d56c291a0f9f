/** What an EMR may see of the quarantine: what is nobody's yet, and what it has matched itself. */
import type { Clock } from '#src/base/clock.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor, Withheld } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import { pageOf, readCursor } from './cursor.ts';
import type { EmrDeps, Page } from './for-emr.ts';
import { openQuarantined } from './result-content.ts';

interface Row {
  id: string;
  consignee: string;
  contract: string;
  accepted: string[];
  withheld: Withheld[];
  commitment: Buffer;
  created_at: Date;
  purge_at: Date;
  purged_at: Date | null;
  result: string | null;
  transfer: string | null;
  matched_at: Date | null;
}

const columns = `id, consignee, contract, accepted, withheld, commitment, created_at, purge_at,
  purged_at, result, transfer, matched_at`;

/** What leaves an entry when something is looked at. */
interface ReadingDeps {
  clock: Clock;
  makeEntry: EntryMaker;
  onSubmitted: () => void;
}

/** `$1` is the client. Nothing is shown before a checkpoint covers that it came. */
const visible = `NOT EXISTS (SELECT FROM submissions WHERE owner = held.id)
  AND (result IS NULL OR EXISTS (
    SELECT FROM results WHERE results.id = held.result AND results.client = $1))`;

function view(row: Row) {
  const { result, transfer, matched_at } = row;
  const matched = result && transfer && matched_at;
  return {
    id: row.id,
    consignee: row.consignee,
    contract: row.contract,
    accepted: row.accepted,
    withheld: row.withheld,
    createdAt: row.created_at.toISOString(),
    purgeAt: row.purge_at.toISOString(),
    purgedAt: row.purged_at?.toISOString() ?? null,
    matched: matched ? { transfer, result, at: matched_at.toISOString() } : null,
  };
}

/** The quarantine, oldest first. */
export async function listQuarantine(
  deps: EmrDeps,
  ask: Page & { client: string; consignee?: string | undefined },
) {
  const query = { list: 'quarantine', consignee: ask.consignee };
  const scope = { client: ask.client, query };
  const after = readCursor(deps.fingerprint, scope, ask.cursor);
  const { rows } = await deps.db.query<Row>(
    `SELECT ${columns} FROM quarantined_results AS held
     WHERE ${visible} AND ($2::text IS NULL OR consignee = $2) AND ($3::uuid IS NULL OR id > $3)
     ORDER BY id LIMIT $4`,
    [ask.client, ask.consignee ?? null, after, ask.limit + 1],
  );
  return pageOf(deps, scope, { rows, limit: ask.limit, toItem: view });
}

async function find(deps: EmrDeps, ask: { client: string; id: string }) {
  const { rows } = await deps.db.query<Row & { sealed: Buffer | null }>(
    `SELECT ${columns}, (SELECT sealed FROM payloads WHERE payloads.id = held.id) AS sealed
     FROM quarantined_results AS held WHERE ${visible} AND id = $2`,
    [ask.client, ask.id],
  );
  if (!rows[0]) throw new GatewayError('NOT_FOUND');
  return rows[0];
}

/** One place in quarantine as it stands, without its content. `NOT_FOUND` for another EMR's. */
export async function getQuarantineState(deps: EmrDeps, ask: { client: string; id: string }) {
  return view(await find(deps, ask));
}

/**
 * One place in quarantine with its content and hints. Nobody knows yet whose it is, and so that it
 * was looked at becomes an entry before it is answered. `NOT_FOUND`, `PAYLOAD_PURGED`.
 */
export async function getQuarantined(
  deps: EmrDeps & ReadingDeps,
  ask: { actor: Actor; id: string },
) {
  const row = await find(deps, { client: ask.actor.client, id: ask.id });
  if (row.sealed === null) throw new GatewayError('PAYLOAD_PURGED');
  const { result, hints, salt } = openQuarantined(deps, { ...row, sealed: row.sealed });
  const entry = deps.makeEntry({
    ...{ kind: 'quarantine-read', at: deps.clock.now(), consignee: row.consignee },
    detail: { ...actorDetail(ask.actor), quarantined: row.id },
  });
  await submit(deps.db, [{ entry }]);
  deps.onSubmitted();
  const { commitment } = row;
  return {
    ...{ ...view(row), result, hints },
    ...{ commitment: commitment.toString('base64'), salt: salt.toString('base64') },
  };
}
