/** Makes load in a process of its own: one job at a time, told and answered over the channel. */
import { submit, type SubmitJob } from './submit.ts';

process.on('message', (job: SubmitJob) => {
  void submit(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ fault: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
