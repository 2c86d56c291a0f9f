/** What a run has seen so far: counts only, so that memory stays flat and runs add up. */
import type { Minimised } from '#src/minimise/minimise.ts';

export interface Tally {
  records: number;
  decisions: number;
  released: number;
  /** By reason. */
  refused: Record<string, number>;
  /** Records as an EMR would send them, and how many of those a text guard refused somewhere. */
  realistic: number;
  realisticGuarded: number;
  /** Values in the bytes that no contract lets out. */
  uncontracted: number;
  /** Findings of every kind, those among them. */
  findings: number;
}

export function newTally(): Tally {
  return {
    ...{ records: 0, decisions: 0, released: 0, refused: {} },
    ...{ realistic: 0, realisticGuarded: 0, uncontracted: 0, findings: 0 },
  };
}

export function noteDecision(tally: Tally, outcome: Minimised): void {
  tally.decisions += 1;
  if (outcome.outcome === 'released') tally.released += 1;
  else tally.refused[outcome.reason] = (tally.refused[outcome.reason] ?? 0) + 1;
}

/** Adds the second to the first. */
export function addTally(total: Tally, more: Tally): void {
  total.records += more.records;
  total.decisions += more.decisions;
  total.released += more.released;
  total.realistic += more.realistic;
  total.realisticGuarded += more.realisticGuarded;
  total.uncontracted += more.uncontracted;
  total.findings += more.findings;
  for (const [reason, count] of Object.entries(more.refused)) {
    total.refused[reason] = (total.refused[reason] ?? 0) + count;
  }
}

/** One line for people: what was decided, and what was found. */
export function summaryOf(tally: Tally, contracts: number, seconds: number): string {
  const refused = Object.entries(tally.refused).sort(([a], [b]) => (a < b ? -1 : 1));
  const reasons = refused.map(([reason, count]) => `${reason} ${count}`).join(', ');
  const count = refused.reduce((sum, [, each]) => sum + each, 0);
  return [
    `${tally.records} records × ${contracts} contracts: ${tally.decisions} decisions`,
    `${tally.released} released, ${count} refused${reasons === '' ? '' : ` (${reasons})`}`,
    `${tally.realisticGuarded} of ${tally.realistic} realistic records refused for their texts`,
    `${tally.uncontracted} uncontracted values, ${tally.findings} findings`,
    `${seconds.toFixed(1)} s`,
  ].join('; ');
}
