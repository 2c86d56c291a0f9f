/** A process that holds the engine of the home it is given, until a line on standard input. */
import { once } from 'node:events';
import { startEngine } from '#src/store/engine.ts';

const home = process.argv[2] ?? '';
const engine = await startEngine({ home, log: (line) => process.stderr.write(`${line}\n`) });
process.stdout.write(`${JSON.stringify({ pid: engine.pid, gatewayUrl: engine.gatewayUrl })}\n`);
await once(process.stdin, 'data');
await engine.stop();
process.exit(0);
