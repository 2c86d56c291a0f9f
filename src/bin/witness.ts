/**
 * `waybill witness`: follows a gateway's ledger, cosigns what continues what it has seen, and cries
 * out when something does not.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import { nodeCrypto } from '#src/ledger/node-crypto.ts';
import { judgeCheckpoint, type LedgerVkeys } from '#src/ledger/witness.ts';
import { cosign, type CosigningKey } from '#src/ledger/witness-key.ts';
import { fromBase64 } from '#src/ledger/verify.ts';
import { createApiClient, type ApiClient } from './api-client.ts';
import { callerOptions, readCaller } from './caller.ts';
import { readVkeys } from './read-vkeys.ts';
import { readCosigningKey } from './witness-key.ts';
import { withState, type WitnessState } from './witness-state.ts';

/** Exit statuses beside 0 and 1. */
const forkedStatus = 3;

const intervalSecondsDefault = 10;
/** A tree that does not grow is cosigned again after this: everyone sees the witness live. */
const freshMs = 60_000;
const backoffMsMax = 60_000;

interface Witnessing {
  api: () => Promise<ApiClient>;
  key: CosigningKey;
  vkeys: LedgerVkeys;
  state: WitnessState;
  say: (line: string) => void;
}

/** Found by a round: nothing that another round could mend. */
class Final extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The command. Its exit status: 0 after a signal or `--once`, 3 where the ledger is forked. */
export async function runWitness(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...callerOptions,
      key: { type: 'string' },
      vkey: { type: 'string', multiple: true },
      state: { type: 'string' },
      interval: { type: 'string' },
      once: { type: 'boolean' },
    },
  });
  const caller = readCaller(values);
  const vkeys = readVkeys('vkey', values.vkey ?? []);
  if (vkeys.length === 0) throw new StartupError(['--vkey: not given']);
  const key = readCosigningKey(values.key ?? '');
  const intervalMs = Number(values.interval ?? intervalSecondsDefault) * 1000;
  if (!(intervalMs >= 100)) throw new StartupError(['--interval: seconds, 0.1 at least']);
  let client: Promise<ApiClient> | null = null;
  const api = () => {
    client ??= createApiClient({ ...caller, scope: 'ledger:witness' });
    return client;
  };
  const say = (line: string) => void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  return withState(values.state ?? stateFileOf(vkeys, key), (state) =>
    follow({ api, key, vkeys, state, say }, { intervalMs, once: values.once ?? false, stop }),
  );
}

/** One file for each ledger and witness. */
function stateFileOf([vkey = '']: LedgerVkeys, { name }: CosigningKey): string {
  const [origin = '', keyId = ''] = vkey.split('+');
  const safe = (text: string) => text.replaceAll(/[^\w.-]/g, '_');
  return `.waybill/witness/${safe(name)}-${safe(origin)}-${keyId}.checkpoint`;
}

async function follow(
  witnessing: Witnessing,
  { intervalMs, once, stop }: { intervalMs: number; once: boolean; stop: AbortController },
): Promise<number> {
  const { say } = witnessing;
  let last: Cosigned | null = null;
  let failures = 0;
  for (;;) {
    let restMs = intervalMs;
    try {
      last = await look(witnessing, last);
      failures = 0;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      say(said);
      if (error instanceof Final) return error.status;
      if (once) return 1;
      restMs = Math.min(1_000 * 2 ** failures, backoffMsMax);
      failures += 1;
    }
    if (once || stop.signal.aborted) return 0;
    await pause(restMs, undefined, { signal: stop.signal }).catch(() => undefined);
    if (stop.signal.aborted) return 0;
  }
}

/** What the gateway took last of this process, and when. */
interface Cosigned {
  size: number;
  atMs: number;
}

/** One look at the gateway; what it took last, now or before. */
async function look(witnessing: Witnessing, last: Cosigned | null): Promise<Cosigned> {
  const { vkeys, state, say, key } = witnessing;
  const api = await witnessing.api();
  const offered = await api.text('/v1/ledger/checkpoint');
  const kept = state.kept();
  const verdict = await judgeCheckpoint(nodeCrypto, {
    ...{ vkeys, kept, offered },
    async proof(from, to) {
      const path = `/v1/ledger/proof/consistency?from=${from}&to=${to}`;
      return (await api.json<{ hashes: string[] }>(path)).hashes.map(fromBase64);
    },
  });
  if (verdict.kind === 'forked') {
    const folder = state.keepEvidence({ kept: kept ?? '', offered }, new Date());
    await show(api, kept ?? '').catch(() => undefined);
    throw new Final(
      forkedStatus,
      `THE LEDGER IS FORKED: ${verdict.why}. Both notes are kept in ${folder}. Tell the clinic on ` +
        'another way, and cosign nothing of it.',
    );
  }
  const { size } = verdict.checkpoint;
  if (last?.size === size && performance.now() - last.atMs < freshMs) return last;
  // Durable first: killed in between, the next start cosigns this tree or one that continues it.
  if (verdict.isNew) state.keep(offered);
  const text = offered.slice(0, offered.lastIndexOf('\n\n') + 1);
  const reply = await show(api, offered + cosign(key, text, Math.floor(Date.now() / 1000)));
  if (reply.status === 201) {
    if (last?.size !== size) say(`cosigned ${size} entries`);
    return { size, atMs: performance.now() };
  }
  const { code = '' } = (await reply.json().catch(() => ({}))) as { code?: string };
  if (code === 'LEDGER_FORKED') {
    throw new Final(forkedStatus, 'THE LEDGER IS FORKED: its gateway says so');
  }
  if (code === 'UNKNOWN_WITNESS') {
    throw new Final(1, 'the gateway does not list this witness and client: see WAYBILL_WITNESSES');
  }
  throw new Error(`the gateway did not take the cosignature: HTTP ${reply.status} ${code}`);
}

/** Brings a note, cosigned or as evidence. */
function show(api: ApiClient, note: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ note });
  return api.fetch('/v1/ledger/cosignatures', { method: 'POST', headers, body });
}
