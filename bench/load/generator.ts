/** Makes load in a process of its own: one job at a time, told and answered over the channel. */
import { flow, listen, type FlowJob, type ListenJob } from './flow.ts';
import { pull, type PullJob } from './pull.ts';
import { steady, type SteadyJob } from './steady.ts';
import { submit, type SubmitJob } from './submit.ts';

/** Every job by its kind, with what it answers. */
export interface Jobs {
  submit: { job: SubmitJob; answer: Awaited<ReturnType<typeof submit>> };
  steady: { job: SteadyJob; answer: Awaited<ReturnType<typeof steady>> };
  listen: { job: ListenJob; answer: Awaited<ReturnType<typeof listen>> };
  flow: { job: FlowJob; answer: Awaited<ReturnType<typeof flow>> };
  pull: { job: PullJob; answer: Awaited<ReturnType<typeof pull>> };
}

export type Job = Jobs[keyof Jobs]['job'];

async function run(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'submit':
      return submit(job);
    case 'steady':
      return steady(job);
    case 'listen':
      return listen();
    case 'flow':
      return flow(job);
    case 'pull':
      return pull(job);
  }
}

process.on('message', (job: Job) => {
  void run(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ fault: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
