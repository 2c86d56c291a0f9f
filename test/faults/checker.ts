/**
 * The one checker: what clients were promised, the database, the bytes at the consignees and the
 * ledger say the same.
 */
import { join } from 'node:path';
import { checkEnvelope } from '#src/bin/demo/verifier.ts';
import { verifyGateway } from '#src/bin/verify.ts';
import { count, fail, type Arrival, type Sent } from './book.ts';
import type { LedgerReading } from './ledger-reading.ts';
import { noteProof, type System } from './system.ts';

interface Row {
  id: string;
  consignee: string;
  status: string;
  commitment: string;
  last_outcome: string | null;
}

type Check = (system: System, seen: Seen) => Promise<void> | void;

interface Seen {
  ledger: LedgerReading;
  rows: ReadonlyMap<string, Row>;
  sentById: ReadonlyMap<string, Sent>;
}

const checks: readonly Check[] = [
  checkPromises,
  checkEnds,
  checkArrivals,
  checkResults,
  checkCheckpoints,
];

/**
 * Compares everything. Requires: nothing is under way.
 * @param options.whole also lets the auditor's command verify the ledger from its first entry on
 */
export async function checkAll(
  system: System,
  ledger: LedgerReading,
  options: { whole: boolean },
): Promise<void> {
  const { book, world } = system;
  await ledger.readOn();
  const { rows } = await world.db.query<Row>(
    `SELECT id, consignee, status, encode(commitment, 'base64') AS commitment, last_outcome
     FROM transfers`,
  );
  const sentById = new Map<string, Sent>();
  for (const sent of book.sent.values()) {
    if (!sent.promised) continue;
    const { id } = sent.promised;
    if (sentById.has(id)) fail(book, `two keys were answered with the transfer ${id}`);
    sentById.set(id, sent);
  }
  const seen = { ledger, rows: new Map(rows.map((row) => [row.id, row])), sentById };
  for (const check of checks) {
    await check(system, seen);
    count(book, 'checks');
  }
  if (options.whole) await checkLedger(system);
}

/** Every 2xx is there as it was promised; one key is one transfer, and none is without a key. */
function checkPromises({ book }: System, { rows, sentById, ledger }: Seen): void {
  for (const [id, { consignee, promised }] of sentById) {
    const row = rows.get(id);
    const told = ledger.of(id);
    if (!row) fail(book, `the transfer ${id} was promised and is not there`);
    else if (row.commitment !== promised?.commitment || row.consignee !== consignee) {
      fail(book, `the transfer ${id} is not what was promised`);
    }
    if (told.released.length !== 1) {
      fail(book, `the transfer ${id} has ${told.released.length} entries of its release`);
    }
    if (told.commitment !== promised?.commitment || told.consignee !== consignee) {
      fail(book, `the entry of ${id} is not what was promised`);
    }
  }
  for (const id of rows.keys()) {
    if (!sentById.has(id)) fail(book, `the transfer ${id} is there and was promised to nobody`);
  }
  for (const id of ledger.transfers()) {
    if (!rows.has(id)) fail(book, `the ledger speaks of ${id}, which is not there`);
  }
}

/** Every transfer has ended, says so once, and did not end as something else happened. */
function checkEnds({ book }: System, { rows, ledger }: Seen): void {
  for (const { id, status, last_outcome: outcome } of rows.values()) {
    const { ends } = ledger.of(id);
    if (ends.length !== 1 || ends[0] !== status) {
      fail(book, `the transfer ${id} is ${status}, and its entries say: ${ends.join(', ')}`);
    }
    if (outcome === 'integrity') fail(book, `the transfer ${id} failed its own checks`);
    if (status === 'delivered' && !book.taken.has(id)) {
      fail(book, `the transfer ${id} is delivered, and its consignee has not taken it`);
    }
    if (status === 'rejected' && !book.turnedAway.has(id)) {
      fail(book, `the transfer ${id} is rejected, and its consignee has not said so`);
    }
    count(book, `ended ${status}`, 0);
  }
}

/** Every byte had its entry first, was for its reader, of its contract, and of its order. */
async function checkArrivals({ book, parties, vkey }: System, seen: Seen): Promise<void> {
  const pulls = new Map<string, number>();
  for (const arrival of book.arrivals) {
    const { transfer } = arrival.envelope;
    if (arrival.via === 'pull') pulls.set(transfer, (pulls.get(transfer) ?? 0) + 1);
    if (arrival.isChecked) continue;
    arrival.isChecked = true;
    count(book, 'arrivals checked');
    const party = parties.get(arrival.consignee);
    const problem = party ? problemOf(arrival, seen) : 'came to nobody';
    if (problem) fail(book, `bytes of ${transfer} at ${arrival.consignee}: ${problem}`);
    try {
      if (party) await checkEnvelope(party.keyring, arrival.envelope);
      noteProof(book, vkey, arrival.envelope);
    } catch (error) {
      fail(book, `bytes of ${transfer} at ${arrival.consignee}: ${String(error)}`);
    }
  }
  for (const [transfer, times] of pulls) {
    const { pulled } = seen.ledger.of(transfer);
    if (pulled < times) fail(book, `${transfer} was fetched ${times} times, recorded ${pulled}`);
  }
}

/** Beside what a consignee can check by itself. */
function problemOf({ consignee, envelope }: Arrival, { ledger, sentById }: Seen): string | null {
  const { transfer, proof, record } = envelope;
  const sent = sentById.get(transfer);
  if (!sent) return 'nobody ordered it';
  if (sent.consignee !== consignee) return 'it was for another';
  if (!ledger.of(transfer).released.includes(proof.index)) return 'its entry is another';
  if (record['name'] !== sent.order.record['name']) return 'it is of another person';
  return null;
}

/** Every result that was promised is there once, recorded once, collected, and its content gone. */
async function checkResults({ book, world }: System, { ledger }: Seen): Promise<void> {
  const { rows } = await world.db.query<{ id: string; transfer: string; is_kept: boolean }>(
    `SELECT id, transfer, EXISTS (SELECT FROM payloads WHERE payloads.id = results.id) AS is_kept
     FROM results`,
  );
  const stored = new Map(rows.map((row) => [row.id, row]));
  const promised = new Set<string>();
  for (const { id, transfer } of book.returned.values()) {
    if (id === null) continue;
    promised.add(id);
    const row = stored.get(id);
    if (row?.transfer !== transfer) fail(book, `the result ${id} was promised and is not there`);
    if (row?.is_kept) fail(book, `the result ${id} was collected and is still kept`);
    const { results, collected } = ledger.of(transfer);
    if (results !== 1 || collected !== 1) {
      fail(book, `the result of ${transfer} was recorded ${results}, collected ${collected} times`);
    }
  }
  for (const id of stored.keys()) {
    if (!promised.has(id)) fail(book, `the result ${id} is there and was promised to nobody`);
  }
  for (const id of book.collected) {
    if (!stored.has(id)) fail(book, `the result ${id} was collected and is not there`);
  }
}

/** Every checkpoint that anybody was shown is a prefix of what the ledger is now. */
function checkCheckpoints({ book }: System, { ledger }: Seen): void {
  for (const [size, root] of book.checkpoints) {
    if (ledger.rootAt(size) !== root) fail(book, `the checkpoint of ${size} entries is of another`);
  }
}

/** As an auditor does, and the growth since its last visit. */
async function checkLedger({ book, url, world, vkey, folder }: System): Promise<void> {
  const clientKey = world.keys.get('auditor') ?? {};
  const stateFile = join(folder, 'auditor.checkpoint');
  const { faults } = await verifyGateway({ url, clientId: 'auditor', clientKey, vkey, stateFile });
  for (const { index, problem } of faults) fail(book, `entry ${index}: ${problem}`);
  count(book, 'checks');
}
