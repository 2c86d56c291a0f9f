/** Starts the process that makes load, and gives it its jobs. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Submitted, SubmitJob } from './submit.ts';

export interface Generator {
  run: (job: SubmitJob) => Promise<Submitted>;
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
        child.once('message', (answer: { result: Submitted } | { fault: string }) => {
          child.off('exit', lost);
          if ('fault' in answer) reject(new Error(answer.fault));
          else resolve(answer.result);
        });
        child.send(job);
      }),
    stop: () => void (child.connected && child.disconnect()),
  };
}
