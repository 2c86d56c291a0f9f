/** Starts the process that makes load, and gives it its jobs. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Jobs } from './generator.ts';

export interface Generator {
  run: <Kind extends keyof Jobs>(
    job: Jobs[Kind]['job'] & { kind: Kind },
  ) => Promise<Jobs[Kind]['answer']>;
  stop: () => void;
}

const program = fileURLToPath(new URL('./generator.ts', import.meta.url));

export function startGenerator(): Generator {
  const child = fork(program);
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        const lost = () => reject(new Error('the load generator ended'));
        child.once('exit', lost);
        child.once('message', (answer: { result: never } | { fault: string }) => {
          child.off('exit', lost);
          if ('fault' in answer) reject(new Error(answer.fault));
          else resolve(answer.result);
        });
        child.send(job);
      }),
    stop: () => void (child.connected && child.disconnect()),
  };
}
