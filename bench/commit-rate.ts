/**
 * What one commit costs on this machine: by one connection after another, and by many at once; with
 * the disk alone, and with a synchronous standby on the same disk and behind no network.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startServerPair, whyNoStandby } from '#test/drills/server-pair.ts';
import { spread, type Figures } from './measure.ts';

const many = 32;

/** @returns nothing where the engine of this system cannot follow another */
export async function commitRates(of: { rounds: number; seconds: number }): Promise<Figures> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-bench-commits-')));
  try {
    if ((await whyNoStandby(join(folder, 'one'))) !== null) return {};
    const pair = await startServerPair(folder);
    try {
      const url = pair.primary.url('superuser');
      await pair.primary.value('CREATE TABLE committed (at timestamptz DEFAULT now())');
      const rates = new Map<string, number[]>();
      for (let round = -1; round < of.rounds; round += 1) {
        for (const [what, waits] of [
          ['disk alone', 'local'],
          ['standby, too', 'on'],
        ] as const) {
          for (const lanes of [1, many]) {
            const rate = await commits(url, { lanes, waits, seconds: of.seconds });
            const name = `commits/s, ${lanes} connection${lanes === 1 ? '' : 's'}, ${what}`;
            // the first round only warms up
            if (round >= 0) rates.set(name, [...(rates.get(name) ?? []), rate]);
          }
        }
      }
      return Object.fromEntries([...rates].map(([name, values]) => [name, spread(values)]));
    } finally {
      await pair.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function commits(
  url: string,
  { lanes, waits, seconds }: { lanes: number; waits: 'local' | 'on'; seconds: number },
): Promise<number> {
  const clients = Array.from({ length: lanes }, () => new Client({ connectionString: url }));
  for (const client of clients) {
    await client.connect();
    await client.query(`SET synchronous_commit = ${waits}`);
  }
  const begun = performance.now();
  const ends = begun + seconds * 1_000;
  let done = 0;
  const lane = async (client: Client) => {
    for (; performance.now() < ends; done += 1) {
      await client.query({ name: 'commit', text: 'INSERT INTO committed DEFAULT VALUES' });
    }
  };
  await Promise.all(clients.map(lane));
  const spentMs = performance.now() - begun;
  for (const client of clients) await client.end();
  return done / (spentMs / 1_000);
}
