/** How soon a gateway is ready, with every shipped contract and a database that runs already. */
import { withGateway } from './gateway.ts';
import { spread, type Benchmark, type Figures } from './measure.ts';
import { cpuSecondsOf, residentMb } from './processes.ts';

export const start: Benchmark = {
  name: 'start',
  run: ({ quick, say }) =>
    withGateway({ urls: new Map() }, async ({ startAnother }): Promise<Figures> => {
      const rounds = quick ? 2 : 7;
      const ready: number[] = [];
      const cpu: number[] = [];
      const resident: number[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const another = await startAnother();
        ready.push(another.readyMs);
        cpu.push(cpuSecondsOf(another.pid));
        resident.push(residentMb(another.pid));
        await another.stop();
        say(`start: round ${round + 1} of ${rounds}: ${Math.round(another.readyMs)} ms`);
      }
      return {
        'ready after, ms': spread(ready),
        'its CPU until then, s': spread(cpu),
        'resident when ready, MB': spread(resident),
      };
    }),
};
