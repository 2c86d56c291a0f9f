/** The product's server as it is, with failpoints that whoever started it can arm. */
import { startServer } from '#src/bin/server.ts';
import type { FailpointName } from '#src/base/failpoint.ts';
import { createArms, type Harm } from './arms.ts';

/** What the driver says. */
export type Order = { arm: FailpointName; harm: Harm } | { disarm: true };
/** What the gateway says: where it listens, or that the armed failpoint was reached. */
export type News = { listening: string } | { reached: FailpointName };

const arms = createArms();
const tell = (news: News) => void process.send?.(news);

process.on('message', (order: Order) => {
  if ('disarm' in order) return arms.disarm();
  const { arm: name, harm } = order;
  void arms.arm(name, harm).then(() => tell({ reached: name }));
});
// Nobody is left to serve for.
process.on('disconnect', () => process.exit(0));

const stop = new Promise((resolve) => process.once('SIGTERM', resolve));
const server = await startServer(process.env, { failpoint: arms.failpoint });
tell({ listening: server.listening });
await stop;
arms.disarm();
await server.close({ lingerMs: 250 });
process.exit(0);
