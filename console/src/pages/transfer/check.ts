/** Checks the entries of a transfer in this browser, and what the page was given against them. */
import type { Schemas } from '../../api.ts';
import { readLedger, verifyEntries } from '../../ledger.ts';
import { doubtOf } from './agree.ts';

type Trail = Schemas['Trail'];

/** Entries have their numbers within seconds; an order that is older than this must have one. */
const uncoveredMs = 60_000;
export const numberingMs = 2_000;

export async function checkTrail(trail: Trail) {
  const ledger = await readLedger();
  const { transfer, entries } = trail;
  const covered = entries.filter(({ index }) => index < ledger.checkpoint.size);
  const wrong = await verifyEntries(covered, ledger);
  const isYoung = Math.abs(Date.now() - Date.parse(transfer.createdAt)) < uncoveredMs;
  const isKnown = covered.some(({ kind }) => kind === 'released');
  const doubt = isKnown || !isYoung ? doubtOf({ transfer, entries: covered }) : null;
  // Nothing is proved of what no checkpoint covers.
  const isWhole = isKnown && covered.length === entries.length;
  return { ledger, count: covered.length, wrong, doubt, isWhole };
}
