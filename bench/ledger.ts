/**
 * How many entries a second the sequencer numbers and signs, and what a proof costs the server.
 * Sequenced are entries without the rows of their transfers: `accept` and `end-to-end` have those.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { openLedger } from '#src/ledger/open.ts';
import { createSequencer } from '#src/ledger/sequencer.ts';
import { submit } from '#src/ledger/submit.ts';
import { removeEngineData, startEngine } from '#src/store/engine.ts';
import { migrate } from '#src/store/migrate.ts';
import { openDatabase } from '#src/store/pool.ts';
import { coverEntries } from '#src/transfers/cover.ts';
import { ledgerKey, released } from '#test/ledger/support.ts';
import { orderFor } from '#test/support/orders.ts';
import { upload, withGateway } from './gateway.ts';
import { rounded, spread, type Benchmark, type Figures } from './measure.ts';
import { openPostgres } from './postgres.ts';
import { cpuSecondsOf } from './processes.ts';

const submitMax = 2_000;

export const ledger: Benchmark = {
  name: 'ledger',
  async run({ quick, say }): Promise<Figures> {
    const [rounds, entries] = quick ? [2, 6_000] : [5, 60_000];
    return { ...(await sequencing({ rounds, entries, say })), ...(await proofs(quick ? 2 : 5)) };
  },
};

/** In this process, on an engine of its own. */
async function sequencing(of: {
  rounds: number;
  entries: number;
  say: (line: string) => void;
}): Promise<Figures> {
  const { rounds, entries, say } = of;
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-bench-ledger-')));
  const engine = await startEngine({ home, log: () => undefined });
  await migrate({ ownerUrl: engine.ownerUrl, gatewayRole: 'waybill_gateway' });
  const postgres = await openPostgres(home);
  const db = openDatabase({ url: engine.gatewayUrl });
  try {
    const now = () => new Date();
    await openLedger({ db, key: ledgerKey, now });
    const onCovered = coverEntries;
    const sequencer = createSequencer({ db, key: ledgerKey, onCovered, now });
    const rates: number[] = [];
    const cpu: number[] = [];
    const postgresCpu: number[] = [];
    for (let round = -1; round < rounds; round += 1) {
      for (let left = entries; left > 0; left -= submitMax) {
        const some = Array.from({ length: Math.min(left, submitMax) }, () => randomUUID());
        await submit(
          db,
          some.map((owner) => ({ entry: released(owner), owner })),
        );
      }
      await postgres.flush();
      const used = cpuSecondsOf(postgres.pid);
      const [before, own] = [performance.now(), process.cpuUsage()];
      while ((await sequencer.sequenceOnce()) > 0);
      const rate = entries / ((performance.now() - before) / 1_000);
      const { user, system } = process.cpuUsage(own);
      // the first round only warms up
      if (round < 0) continue;
      rates.push(rate);
      cpu.push(((user + system) / 1e6 / entries) * 1_000);
      postgresCpu.push(((cpuSecondsOf(postgres.pid) - used) / entries) * 1_000);
      say(`ledger: round ${round + 1} of ${rounds}: ${rounded(rate)} entries/s`);
    }
    return {
      'entries in a round': entries,
      'sequenced, entries/s': spread(rates),
      'CPU s per 1,000': spread(cpu),
      'PostgreSQL CPU s per 1,000': spread(postgresCpu),
    };
  } finally {
    await db.end();
    await postgres.close();
    await engine.stop();
    await removeEngineData(home);
    rmSync(home, { recursive: true, force: true });
  }
}

const perRound = 200;
const proofPath = '/v1/ledger/proof/inclusion';

/** By the gateway's own count of the time from a request's head to its reply. */
function proofs(rounds: number): Promise<Figures> {
  return withGateway({ urls: new Map() }, async ({ url, postgres, as }): Promise<Figures> => {
    const order = JSON.stringify(orderFor('infinite')).slice(1);
    const lines = Array.from({ length: 3_000 }, (_, at) => `{"key":"proof-${at}",${order}`);
    const entries = await upload(await as('emr'), url, lines);
    await postgres.sequenced();
    const auditor = await as('auditor');
    const spent = async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return Number(/request_seconds_sum\{operation="getInclusionProof".*\} (.+)/.exec(text)?.[1]);
    };
    const times: number[] = [];
    for (let round = -1; round < rounds; round += 1) {
      const before = round < 0 ? 0 : await spent();
      for (let at = 0; at < perRound; at += 1) {
        const index = (at * 7_919) % entries;
        await auditor.json(`${proofPath}?index=${index}`);
      }
      const ms = (((await spent()) - before) / perRound) * 1_000;
      if (round >= 0) times.push(ms);
    }
    return { 'inclusion proof, server ms': spread(times) };
  });
}
