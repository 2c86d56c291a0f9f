/**
 * A person says stop, or lifts it: from its commit on no process releases or delivers what it bars.
 */
import { GatewayError } from '#src/base/errors.ts';
import type { Actor, FieldProblem, Order, SubjectKind } from '#src/base/words.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import type { Person } from '#src/ledger/inner.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Fingerprint } from '#src/sealing/fingerprint.ts';
import { advisoryLocks } from '#src/store/advisory-locks.ts';
import type { Queryable } from '#src/store/pool.ts';
import { underCurrentKey } from './hmac-key.ts';
import { findSubject, isGone, resolveSubjects, subjectHmac } from './subjects.ts';
import { withdrawStopped, type WithdrawDeps } from './withdraw-suspended.ts';

export interface SuspendDeps extends WithdrawDeps {
  /** Reads anew which keys count. */
  keys: { refresh: () => Promise<unknown> };
  fingerprint: Fingerprint;
}

export interface SuspensionRequest {
  actor: Actor;
  subject: Order['subject'];
  /** Ids, at least one; left out: all consignees, also those yet to come. */
  consignees?: readonly string[] | undefined;
  /** Free text, for the sealed detail only. */
  reason: string;
}

/** How it stands for a person now. Whose identifier was asked about is not in it. */
export interface SubjectStanding {
  kind: SubjectKind;
  /** Nothing goes to any consignee, also not to those yet to come. */
  all: boolean;
  /** To whom nothing goes, by id, and since when (RFC 3339). */
  suspended: { consignee: string; since: string }[];
  /** Waiting transfers that this request withdrew. */
  withdrawn: number;
  /** Transfers on their way to those consignees: they end as they end. */
  underWay: number;
}

/** The consignee of a row that means all of them. */
const everyone = '*';

/** Since when, by consignee. */
type Held = ReadonlyMap<string, Date>;

/**
 * Bars what is a person's from consignees: later orders are refused, waiting transfers withdrawn
 * and their payloads destroyed, an entry each. What is barred already changes and records nothing.
 * It is heard also while the gateway is in doubt: it only ever keeps things from leaving.
 * @throws GatewayError `UNKNOWN_CONSIGNEE`, `DATABASE_UNAVAILABLE`
 */
export async function suspend(
  deps: SuspendDeps,
  request: SuspensionRequest,
): Promise<SubjectStanding> {
  assertKnown(deps, request.consignees);
  return underCurrentKey(deps, () => unlessGone(() => suspendOnce(deps, request)));
}

async function suspendOnce(
  deps: SuspendDeps,
  request: SuspensionRequest,
): Promise<SubjectStanding> {
  const hmac = subjectHmac(deps.fingerprint, request.subject);
  const person = (await resolveSubjects(deps.db, [hmac]))(hmac);
  const subject = person.id;
  const by = { actor: request.actor, subject };
  const first = await deps.db.transaction(async (tx) => {
    const held = await holdSuspensions(tx, subject);
    const asked = request.consignees ?? [everyone];
    const added = held.has(everyone) ? [] : asked.filter((one) => !held.has(one));
    if (added.length === 0) return null;
    await tx.query('INSERT INTO suspensions (subject, consignee) SELECT $1, unnest($2::text[])', [
      subject,
      added,
    ]);
    await record(deps, tx, request, { kind: 'subject-suspended', person, consignees: added });
    return withdrawStopped(deps, tx, by);
  });
  if (first === null) return standingOf(deps, request, subject, 0);
  // Once more for what was stored, or locked by the sequencer, while that transaction ran.
  const then = await deps.db.transaction((tx) => withdrawStopped(deps, tx, by));
  deps.onSubmitted();
  return standingOf(deps, request, subject, first + then);
}

/**
 * Lifts the bar: later orders are taken again; what was withdrawn stays so. Lifting it for some
 * while it stands for all turns "all" into the rest of the consignees known today. What is not
 * barred changes and records nothing.
 * @throws GatewayError `UNKNOWN_CONSIGNEE`, `DATABASE_UNAVAILABLE`
 */
export async function resume(
  deps: SuspendDeps,
  request: SuspensionRequest,
): Promise<SubjectStanding> {
  assertKnown(deps, request.consignees);
  return unlessGone(() => resumeOnce(deps, request));
}

async function resumeOnce(deps: SuspendDeps, request: SuspensionRequest): Promise<SubjectStanding> {
  const hmac = subjectHmac(deps.fingerprint, request.subject);
  const known = await findSubject(deps.db, hmac);
  if (!known) return standingOf(deps, request, null, 0);
  const { id: subject } = known;
  await deps.db.transaction(async (tx) => {
    const held = await holdSuspensions(tx, subject);
    const asked = request.consignees ?? [...held.keys()];
    const lifted = held.has(everyone) ? asked : asked.filter((one) => held.has(one));
    if (lifted.length === 0) return;
    await keepTheRest(deps, tx, subject, lifted);
    await tx.query('DELETE FROM suspensions WHERE subject = $1 AND consignee = ANY($2::text[])', [
      subject,
      [everyone, ...lifted],
    ]);
    const kind = 'subject-resumed';
    await record(deps, tx, request, { kind, person: known, consignees: lifted });
  });
  deps.onSubmitted();
  return standingOf(deps, request, subject, 0);
}

/** Where all are barred and some of them no longer: the others one by one, since when it was. */
async function keepTheRest(
  deps: SuspendDeps,
  tx: Queryable,
  subject: string,
  lifted: readonly string[],
): Promise<void> {
  if (lifted.includes(everyone)) return;
  const rest = [...deps.agreements.consignees.keys()].filter((one) => !lifted.includes(one));
  await tx.query(
    `INSERT INTO suspensions (subject, consignee, suspended_at)
     SELECT subject, unnest($2::text[]), suspended_at FROM suspensions
     WHERE subject = $1 AND consignee = $3
     ON CONFLICT DO NOTHING`,
    [subject, rest, everyone],
  );
}

function assertKnown(deps: SuspendDeps, consignees: readonly string[] = []): void {
  const strange = consignees.some((one) => !deps.agreements.consignees.has(one));
  if (!strange) return;
  const problems: FieldProblem[] = [{ pointer: '/consignees', rule: 'unknown' }];
  throw new GatewayError('UNKNOWN_CONSIGNEE', { problems });
}

/** What is barred now; until the transaction ends nobody else changes it for this person. */
async function holdSuspensions(tx: Queryable, subject: string): Promise<Held> {
  await tx.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [
    ...[advisoryLocks.subject, subject],
  ]);
  return readSuspensions(tx, subject);
}

async function readSuspensions(db: Queryable, subject: string): Promise<Held> {
  const { rows } = await db.query<{ consignee: string; suspended_at: Date }>(
    'SELECT consignee, suspended_at FROM suspensions WHERE subject = $1 ORDER BY consignee',
    [subject],
  );
  return new Map(rows.map((row) => [row.consignee, row.suspended_at]));
}

async function record(
  deps: SuspendDeps,
  tx: Queryable,
  { actor, reason, consignees: asked }: SuspensionRequest,
  step: {
    kind: 'subject-suspended' | 'subject-resumed';
    person: Person;
    consignees: readonly string[];
  },
): Promise<void> {
  const { kind, person } = step;
  // Empty for all of them.
  const consignees = asked === undefined ? [] : step.consignees;
  const detail = { ...actorDetail(actor), subject: person.id, consignees, reason };
  await submit(tx, [{ entry: deps.makeEntry({ kind, at: deps.clock.now(), person, detail }) }]);
}

/** Once more, with whoever it is then, where the person was destroyed in that moment. */
function unlessGone<T>(work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    if (isGone(error)) return work();
    throw error;
  });
}

async function standingOf(
  deps: SuspendDeps,
  { subject: { kind } }: SuspensionRequest,
  subject: string | null,
  withdrawn: number,
): Promise<SubjectStanding> {
  if (subject === null) return { kind, all: false, suspended: [], withdrawn, underWay: 0 };
  const held = await readSuspensions(deps.db, subject);
  const forAll = held.get(everyone);
  const since = forAll
    ? [...deps.agreements.consignees.keys()].map((id) => [id, held.get(id) ?? forAll] as const)
    : [...held];
  const { rows } = await deps.db.query<{ count: number }>(
    `SELECT count(*) FROM transfers WHERE subject = $1 AND status IN ('sending', 'leased')
       AND due_at > now() AND ($2 OR consignee = ANY($3::text[]))`,
    [subject, forAll !== undefined, [...held.keys()]],
  );
  return {
    ...{ kind, all: forAll !== undefined, withdrawn, underWay: rows[0]?.count ?? 0 },
    suspended: since
      .map(([consignee, at]) => ({ consignee, since: at.toISOString() }))
      .sort((one, other) => (one.consignee < other.consignee ? -1 : 1)),
  };
}
