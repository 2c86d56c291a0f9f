/** Entries as a busy clinic's ledger has them: whole lives of transfers, each step in its order. */
import type { EntryInput } from '#src/ledger/entry.ts';
import { makeEntry } from '#src/ledger/entry.ts';

/** An entry with its detail open. */
export interface OpenEntry {
  leaf: Buffer;
  salt: Buffer;
  content: Buffer;
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const labs = ['samkwang', 'eone', 'mediage', 'engitech', 'tnc-pathology', 'korea-post'] as const;
const items = ['name', 'age', 'gender', 'birthDate', 'chartNumber', 'institutionName'] as const;
const aliveMax = 400;
/** The entry before every five hundredth says that somebody was erased. */
const erasedEvery = 500;
const at = { firstMs: Date.UTC(2026, 2, 2, 1, 2, 3), stepMs: 37 };

type Step = (deps: Maker) => EntryInput;

interface Maker {
  at: Date;
  transfer: string;
  consignee: string;
  contract: { id: string; digest: Buffer };
  bytes: (count: number) => Buffer;
  uuid: () => string;
}

const system = { actor: { client: null, kind: 'system' } } as const;
const emr = { actor: { client: 'emr', kind: 'emr' }, source: '10.1.2.3' } as const;

function stepsOf(random: () => number, uuid: () => string): Step[] {
  const by = { actor: { client: 'lab', kind: 'consignee' as const }, source: '10.9.8.7' };
  const result = uuid();
  const base = ({ at: when, transfer, consignee, contract }: Maker) => ({
    ...{ at: when, transfer, consignee, contract },
  });
  const released: Step = (made) => ({
    ...{ kind: 'released', ...base(made), items, commitment: made.bytes(32) },
    detail: {
      ...{ ...emr, subject: made.uuid(), rules: ['age@1'] },
      withheld: [{ item: 'address', reason: 'NOT_IN_CONTRACT' }],
    },
  });
  const ended = (kind: 'delivered' | 'rejected' | 'failed', outcome: string): Step => {
    return (made) => ({ kind, ...base(made), detail: { ...system, via: 'push', outcome } });
  };
  const pulled: Step = (made) => ({
    ...{ kind: 'pulled', ...base(made) },
    detail: { ...by, via: 'inbox', attempts: 1, leaseUntil: '2026-03-02T02:00:00.000Z' },
  });
  const again: Step = (made) => ({
    ...{ kind: 'redelivered', ...base(made) },
    detail: { ...emr, outcome: 'redeliver' },
  });
  const came: Step = (made) => ({
    ...{
      kind: 'result-received',
      ...base(made),
      items: ['testResult'],
      commitment: made.bytes(32),
    },
    detail: { ...by, result, withheld: [], version: 1 },
  });
  const collected: Step = (made) => ({
    ...{ kind: 'result-collected', ...base(made), items: ['testResult'] },
    detail: { ...emr, result },
  });
  const gone: Step = (made) => ({
    ...{ kind: 'purged', ...base(made), items: ['testResult'] },
    detail: { ...emr, result, outcome: 'collected' },
  });
  const purged: Step = (made) => ({
    ...{ kind: 'purged', ...base(made) },
    detail: { ...system, outcome: 'retention-ended' },
  });
  const back = [came, collected, gone, purged];
  const chance = random();
  if (chance < 0.45) return [released, pulled, ended('delivered', 'acknowledged'), ...back];
  if (chance < 0.85) return [released, ended('delivered', 'http-200'), ...back];
  if (chance < 0.9) {
    const more = [again, ended('delivered', 'http-200'), ...back];
    return [released, ended('failed', 'timeout'), ...more];
  }
  if (chance < 0.94) return [released, ended('rejected', 'http-422'), purged];
  const over = { ...system, outcome: 'not-claimed-in-time' };
  if (chance < 0.97) {
    return [released, (made) => ({ kind: 'expired', ...base(made), detail: over }), purged];
  }
  return [released, (made) => ({ kind: 'cancelled', ...base(made), detail: emr }), purged];
}

/**
 * Entries without end, from the drafting of the contracts on. The same seed gives the same ones.
 *
 * @param seed a whole number
 */
export function* ledgerLives(seed: number): Generator<OpenEntry, never> {
  const random = seeded(seed);
  const bytes = (count: number): Buffer => {
    const made = Buffer.allocUnsafe(count);
    for (let place = 0; place < count; place += 1) made[place] = random() * 256;
    return made;
  };
  const uuid = (): string => {
    const hex = bytes(16).toString('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
  let made = 0;
  const open = (input: EntryInput): OpenEntry => {
    made += 1;
    const entry = makeEntry({ sealDetail: (plain) => plain, randomBytes: bytes }, input);
    return {
      leaf: entry.leaf,
      salt: entry.detail.subarray(0, 32),
      content: entry.detail.subarray(32),
    };
  };
  const now = (): Date => new Date(at.firstMs + made * at.stepMs);
  const contracts = labs.map((consignee) => ({
    ...{ consignee, contract: { id: `${consignee}.v1`, digest: bytes(32) } },
  }));
  for (const { consignee, contract } of contracts) {
    const of = () => ({ at: now(), consignee, contract, items: [...items] });
    const on = '2026-03-02';
    yield open({ kind: 'contract-drafted', ...of(), detail: system });
    const signers = { clinic: 'clinic-key', consignee: 'lab-key' };
    yield open({ kind: 'contract-signed', ...of(), detail: { ...system, signers, demo: true } });
    yield open({ kind: 'contract-activated', ...of(), detail: { ...system, on } });
  }
  const alive: { steps: Step[]; of: Omit<Maker, 'at'> }[] = [];
  const officer = { actor: { client: 'privacy-officer', kind: 'privacy-officer' } } as const;
  for (;;) {
    if (made % erasedEvery === erasedEvery - 1) {
      const gone = { entries: 3, transfers: 1, payloads: 1, files: 0, replies: 1 };
      const detail = { ...officer, reason: 'as asked', ...gone };
      yield open({ kind: 'subject-erased', at: now(), detail });
    }
    const isNew = alive.length === 0 || (alive.length < aliveMax && random() < 0.3);
    if (isNew) {
      const one = contracts[Math.floor(random() * contracts.length)]!;
      alive.push({ steps: stepsOf(random, uuid), of: { ...one, transfer: uuid(), bytes, uuid } });
    }
    const place = isNew ? alive.length - 1 : Math.floor(random() * alive.length);
    const { steps, of } = alive[place]!;
    const step = steps.shift()!;
    yield open(step({ ...of, at: now() }));
    if (steps.length > 0) continue;
    const last = alive.pop()!;
    if (place < alive.length) alive[place] = last;
  }
}
