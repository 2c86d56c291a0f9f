/** One record of a fuzz run once more, with what each contract made of it. */
import { runRecords, type Found } from './run.ts';
import { loadShipped } from './shipped.ts';
import { summaryOf } from './tally.ts';

/** Runs one record; returns the exit status: 1 where something is found again. */
export function replay(
  { tell, tellFound }: { tell: (text: string) => void; tellFound: (found: Found) => void },
  { seed, index }: { seed: number; index: number },
): number {
  const shipped = loadShipped();
  const start = performance.now();
  const tally = runRecords(
    {
      shipped,
      heard: {
        onFinding: tellFound,
        onDecision: (contract, outcome) => {
          if (outcome.outcome === 'released') return tell(`${contract} released`);
          const pointers = outcome.problems.map(({ pointer }) => pointer).join(' ');
          tell(`${contract} refused ${outcome.reason} ${pointers}`);
        },
      },
    },
    { seed, from: index, until: index + 1 },
  );
  tell(summaryOf(tally, shipped.contracts.length, (performance.now() - start) / 1000));
  return tally.findings > 0 ? 1 : 0;
}
