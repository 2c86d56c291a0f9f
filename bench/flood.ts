/**
 * What a client that floods costs another: the time to accept the orders of one that sends a few,
 * alone and beside one that sends as many as it can, and goes on at once where it is refused.
 */
import { generateClientKey } from '#src/access/keys.ts';
import { createApiClient, type ApiClient } from '#src/bin/api-client.ts';
import { pause, withGateway, type BenchGateway } from './gateway.ts';
import { assertRecorded } from './guarantees.ts';
import { startGenerator, type Generator } from './load/start.ts';
import { rounded, spread, type Benchmark, type Figures } from './measure.ts';

const consignee = 'samkwang';
/** Orders of the one that is asked about: a clinic at its busiest has a few. */
const perSecond = 50;
/** Connections of the flood: all get their turn, or most are refused. */
const floods = { alone: 0, flood: 64, deluge: 512 } as const;
type Name = keyof typeof floods;

interface Turn {
  latenciesMs: number[];
  floodPerSecond: number;
  refusedPerSecond: number;
}

export const flood: Benchmark = {
  name: 'flood',
  async run({ quick, say, against }): Promise<Figures> {
    const [rounds, seconds] = quick ? [3, 3] : [6, 6];
    const turns = new Map<Name, Turn[]>();
    const settings = { urls: new Map<string, string>(), ...(against && { root: against }) };
    await withGateway(settings, async (gateway) => {
      const parties = await openParties(gateway);
      let accepted = 0;
      let run = 0;
      // the first round only warms up
      for (let round = -1; round < rounds; round += 1) {
        for (const name of Object.keys(floods) as Name[]) {
          run += 1;
          const took = await takeTurn(gateway, parties, { name, run, seconds });
          accepted += took.accepted;
          if (round < 0) continue;
          turns.set(name, [...(turns.get(name) ?? []), took]);
          const told = `p99 ${rounded(at(took.latenciesMs, 0.99))} ms`;
          const other = `${rounded(took.floodPerSecond)}/s, ${rounded(took.refusedPerSecond)} refused`;
          say(`flood: round ${round + 1} of ${rounds}, ${name}: ${told}; the flood: ${other}`);
        }
      }
      parties.steady.stop();
      parties.flood.stop();
      await gateway.postgres.sequenced();
      await assertRecorded(gateway.postgres, accepted);
    });
    return figuresOf(turns);
  },
};

interface Parties {
  emr: ApiClient;
  other: ApiClient;
  /** Each a process, so that neither waits for the other's replies. */
  steady: Generator;
  flood: Generator;
}

async function openParties({ as, url }: BenchGateway): Promise<Parties> {
  const [emr, operator] = await Promise.all([as('emr'), as('operator')]);
  await pause(operator, consignee);
  const other = await grant(operator, url);
  return { emr, other, steady: startGenerator(), flood: startGenerator() };
}

/** A second EMR. */
async function grant(operator: ApiClient, url: string): Promise<ApiClient> {
  const { privateJwk, publicJwk } = await generateClientKey();
  const { kty, crv, x, y, kid, alg } = publicJwk;
  const clientId = 'emr-steady';
  await operator.json('/v1/access/clients', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ id: clientId, role: 'emr', reason: 'a benchmark' },
      jwks: { keys: [{ kty, crv, x, y, kid, alg }] },
    }),
  });
  return createApiClient({ url, clientId, clientKey: privateJwk });
}

async function takeTurn(
  { url, postgres }: BenchGateway,
  { emr, other, steady, flood: flooding }: Parties,
  { name, run, seconds }: { name: Name; run: number; seconds: number },
): Promise<Turn & { accepted: number }> {
  const [floodToken, token] = await Promise.all([emr.bearer(), other.bearer()]);
  await postgres.sequenced();
  await postgres.flush();
  const connections = floods[name];
  const where = { url, consignee, warmSeconds: 1, run };
  // the flood goes on for longer than what is measured
  const rude = { ...where, token: floodToken, seconds: seconds + 1, connections, isRude: true };
  const flooded = flooding.run({ kind: 'submit', ...rude });
  const job = { kind: 'steady' as const, ...where, token, perSecond, seconds };
  const [{ accepted, latenciesMs }, load] = await Promise.all([steady.run(job), flooded]);
  return {
    ...{ latenciesMs, accepted: accepted + load.accepted, floodPerSecond: load.perSecond },
    refusedPerSecond: load.refused / (seconds + 2),
  };
}

function at(latenciesMs: readonly number[], share: number): number {
  const sorted = latenciesMs.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function figuresOf(turns: ReadonlyMap<Name, readonly Turn[]>): Figures {
  const of = (name: Name, share: number) =>
    turns.get(name)!.map(({ latenciesMs }) => at(latenciesMs, share));
  const ratio = (name: Name, share: number) =>
    spread(of(name, share).map((ms, round) => ms / of('alone', share)[round]!));
  const told = (Object.keys(floods) as Name[]).flatMap((name): [string, Figures[string]][] => [
    [`${name}, p50 ms`, spread(of(name, 0.5))],
    [`${name}, p99 ms`, spread(of(name, 0.99))],
  ]);
  const beside = (['flood', 'deluge'] as const).flatMap((name): [string, Figures[string]][] => [
    [`${name}: its connections`, floods[name]],
    [`${name}: its orders accepted/s`, spread(turns.get(name)!.map((one) => one.floodPerSecond))],
    [`${name}: its refusals/s`, spread(turns.get(name)!.map((one) => one.refusedPerSecond))],
  ]);
  return {
    'orders/s of the other': perSecond,
    'beside a flood / alone, p99': ratio('flood', 0.99),
    'beside a flood / alone, p50': ratio('flood', 0.5),
    'beside a deluge / alone, p99': ratio('deluge', 0.99),
    ...Object.fromEntries([...told, ...beside]),
  };
}
