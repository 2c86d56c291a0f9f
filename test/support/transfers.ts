/** What tests do to transfers of a world: order, pause, hold the sequencer, tamper as the owner. */
import { Client } from 'pg';
import { advisoryLocks } from '#src/store/advisory-locks.ts';
import type { TestGateway, World } from './gateway.ts';
import { orderFor, posted } from './orders.ts';
import { until } from './wait.ts';

export interface Transfer {
  id: string;
  status: string;
  lastOutcome: string | null;
  attempts: number;
  entry: number | null;
  settledAt: string | null;
}

/** An open connection as the role that owns the tables, who can do everything. */
export async function connectOwner(world: World): Promise<Client> {
  const owner = new Client({ connectionString: world.database.ownerUrl });
  await owner.connect();
  return owner;
}

/** One statement as the owner. */
export async function asOwner(world: World, sql: string, values: unknown[] = []): Promise<void> {
  const owner = await connectOwner(world);
  await owner.query(sql, values).finally(() => owner.end());
}

/** Nothing is covered by a checkpoint until the function that this answers is called. */
export async function holdSequencer(world: World): Promise<() => Promise<void>> {
  const owner = await connectOwner(world);
  await owner.query('SELECT pg_advisory_lock($1)', [advisoryLocks.sequencer]);
  return () => owner.end();
}

let orders = 0;

/** Submits an order of the full record; the id of its transfer. */
export async function order(gateway: TestGateway, consignee: string): Promise<string> {
  const emr = await gateway.as('emr');
  orders += 1;
  const body = posted(orderFor(consignee), `order-${orders}`);
  return (await emr.json<{ id: string }>('/v1/transfers', body)).id;
}

export async function transferOf(gateway: TestGateway, id: string): Promise<Transfer> {
  return (await gateway.as('emr')).json<Transfer>(`/v1/transfers/${id}`);
}

/** The transfer, once it is in this state. */
export function reached(gateway: TestGateway, id: string, status: string): Promise<Transfer> {
  return until(`transfer ${id} to be ${status}`, async () => {
    const transfer = await transferOf(gateway, id);
    return transfer.status === status ? transfer : null;
  });
}

/** Pauses or resumes a consignee. */
export async function setPaused(
  gateway: TestGateway,
  consignee: string,
  paused: boolean,
): Promise<void> {
  const operator = await gateway.as('operator');
  const path = `/v1/consignees/${consignee}/${paused ? 'pause' : 'resume'}`;
  await operator.json(path, posting({ reason: 'a test of delivery' }));
}

export function posting(body: object): RequestInit {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

export interface Trail {
  entries: { kind: string; detail: Record<string, unknown> | null; leaf: string }[];
}

/** The trail of a transfer, once the ledger has an entry of this kind about it. */
export function trailWith(
  gateway: TestGateway,
  id: string,
  kind: string,
  times = 1,
): Promise<Trail> {
  return until(`an entry ${kind} of ${id}`, async () => {
    const auditor = await gateway.as('auditor');
    const trail = await auditor.json<Trail>(`/v1/audit/transfers/${id}`);
    return trail.entries.filter((entry) => entry.kind === kind).length >= times ? trail : null;
  });
}

export interface Item {
  transfer: string;
  record: Record<string, unknown>;
  proof: { leaf: string };
  lease: { token: string; until: string };
}

/** Claims from a consignee's inbox. */
export async function claim(
  gateway: TestGateway,
  consignee: string,
  limit = 100,
  leaseSeconds = 60,
): Promise<Item[]> {
  const client = await gateway.as(consignee);
  const body = posting({ limit, leaseSeconds });
  return (await client.json<{ items: Item[] }>('/v1/inbox/claim', body)).items;
}

/** Status and problem code of a reply. */
export async function answered(
  reply: Promise<Response>,
): Promise<{ status: number; code?: string }> {
  const response = await reply;
  const body = (await response.json()) as { code?: string };
  return { status: response.status, ...(body.code === undefined ? {} : { code: body.code }) };
}
