/** The steps of a contract's life: each is recorded once, whichever process sees it first. */
import { contractBegun, decidesFrom, isEnded, type Versions } from '#src/agreements/force.ts';
import type { Clock } from '#src/base/clock.ts';
import { daysAfter } from '#src/base/seoul.ts';
import { gatewayActor, type Contract } from '#src/base/words.ts';
import type { Entry, EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import type { Database, Queryable } from '#src/store/pool.ts';
import { readStanding, type RecordedStanding, type StandingKeeper } from './standing.ts';

export interface StepsDeps {
  db: Database;
  agreements: { contracts: readonly Contract[] };
  standing: StandingKeeper;
  clock: Pick<Clock, 'now' | 'today'>;
  makeEntry: EntryMaker;
}

/** A life has five steps after its registration: more rounds than that find nothing new. */
const roundsMax = 5;

type StepName = 'signed' | 'noticed' | 'activated' | 'superseded' | 'ended';

interface Step {
  contract: Contract;
  step: StepName;
  /** The Seoul day from which it holds. */
  on: string;
}

/** Versions that go into the notice: signed, and not over. */
function isShown(contract: Contract, versions: Versions, today: string): boolean {
  if (contract.signature.state !== 'signed' || isEnded(contract, versions.standing)) return false;
  return contract.validUntil === null || contract.validUntil >= today;
}

/**
 * Every step that has happened by a day, as files and rows say; those that were recorded before
 * are among them.
 *
 * A version is noticed on the day that the privacy officer's signature states, or on the day that
 * this gateway first shows it, whichever is earlier.
 */
export function stepsUntil(versions: Versions, today: string): Step[] {
  const { contracts, standing } = versions;
  const steps: Step[] = [];
  for (const contract of contracts) {
    const { signature } = contract;
    if (signature.state === 'signed') steps.push({ contract, step: 'signed', on: today });
    if (isShown(contract, versions, today)) {
      const stated = signature.noticedOn ?? today;
      steps.push({ contract, step: 'noticed', on: stated < today ? stated : today });
    }
    const begun = contractBegun(versions, contract.consignee, today);
    if (!begun || contract.version > begun.version) continue;
    if (contract.id === begun.id) steps.push(...stepsOfBegun(contract, versions, today));
    else if (standing.activated.has(contract.id)) {
      steps.push({ contract, step: 'superseded', on: decidesFrom(begun, standing) ?? today });
    }
  }
  return steps;
}

function stepsOfBegun(contract: Contract, { standing }: Versions, today: string): Step[] {
  const steps: Step[] = [];
  const from = decidesFrom(contract, standing);
  if (from !== null) steps.push({ contract, step: 'activated', on: from });
  const { validUntil } = contract;
  // An operator's end is recorded with its reason where it is asked for.
  if (validUntil !== null && validUntil < today && !isEnded(contract, standing)) {
    steps.push({ contract, step: 'ended', on: daysAfter(validUntil, 1) });
  }
  return steps;
}

/** Inserts steps that are new; answers which were. */
async function insert(tx: Queryable, steps: readonly Step[]): Promise<Step[]> {
  const { rows } = await tx.query<{ contract: string; step: string }>(
    `INSERT INTO contract_steps (contract, step, on_date)
     SELECT * FROM unnest($1::text[], $2::text[], $3::date[]) ORDER BY 1, 2
     ON CONFLICT (contract, step) DO NOTHING RETURNING contract, step`,
    [
      steps.map(({ contract }) => contract.id),
      steps.map(({ step }) => step),
      steps.map(({ on }) => on),
    ],
  );
  const made = new Set(rows.map(({ contract, step }) => `${contract} ${step}`));
  return steps.filter(({ contract, step }) => made.has(`${contract.id} ${step}`));
}

/** The entry of one step. */
export function entryOf(
  deps: Pick<StepsDeps, 'clock' | 'makeEntry'>,
  { contract, step, on }: Step,
): Entry {
  const common = {
    at: deps.clock.now(),
    consignee: contract.consignee,
    contract: { id: contract.id, digest: contract.digest },
    items: contract.items.map(({ item }) => item),
  };
  const by = actorDetail(gatewayActor);
  switch (step) {
    case 'signed': {
      const { clinic, consignee, isDemo: demo } = contract.signature;
      const signers = { clinic: clinic?.kid ?? '', consignee: consignee?.kid ?? '' };
      return deps.makeEntry({
        kind: 'contract-signed',
        ...common,
        detail: { ...by, signers, demo },
      });
    }
    case 'noticed':
      return deps.makeEntry({ kind: 'contract-noticed', ...common, detail: { ...by, on } });
    case 'activated':
      return deps.makeEntry({ kind: 'contract-activated', ...common, detail: { ...by, on } });
    case 'superseded':
      return deps.makeEntry({ kind: 'contract-superseded', ...common, detail: { ...by, on } });
    case 'ended': {
      const detail = { ...by, on, outcome: 'validUntil' };
      return deps.makeEntry({ kind: 'contract-ended', ...common, detail });
    }
  }
}

/**
 * Lets the orders end that are being stored, and the next ones wait for this transaction: in the
 * ledger no release under a version that is over stands behind the entry that says so. It lasts
 * some milliseconds, and steps are rare.
 */
export async function holdOrders(tx: Queryable): Promise<void> {
  await tx.query('LOCK TABLE idempotency_keys IN SHARE MODE');
}

/** Told of each step that was new, in its transaction, after its entry. */
export type OnStep = (
  tx: Queryable,
  step: { contract: Contract; step: StepName; on: string },
) => Promise<void>;

/** The steps that are due by a standing and not recorded in it. */
function newSteps(deps: StepsDeps, standing: RecordedStanding): Step[] {
  const { contracts } = deps.agreements;
  return stepsUntil({ contracts, standing }, deps.clock.today()).filter(
    ({ contract, step }) => !standing.recorded.has(`${contract.id} ${step}`),
  );
}

/**
 * Records every step that is due and not recorded yet, and reads the standing anew. What one step
 * makes possible (noticed: activated; activated: superseded) is looked for again, until nothing
 * is new. When there is nothing, which is nearly always, one reading is all.
 *
 * @returns how many steps were recorded
 */
export async function recordSteps(deps: StepsDeps, onStep: OnStep): Promise<number> {
  let count = 0;
  for (let round = 0; round <= roundsMax; round += 1) {
    await deps.standing.refresh();
    if (newSteps(deps, deps.standing.current()).length === 0) break;
    count += await deps.db.transaction(async (tx) => {
      const fresh = await insert(tx, newSteps(deps, await readStanding(tx)));
      await holdOrders(tx);
      await submit(
        tx,
        fresh.map((step) => ({ entry: entryOf(deps, step) })),
      );
      for (const step of fresh) await onStep(tx, step);
      return fresh.length;
    });
  }
  return count;
}
