/**
 * Orders as bytes, each under a key of its own and about one of a clinic's patients: made from one
 * prepared request by writing over what differs, so that making them costs next to nothing.
 */
import { orderFor, canary } from '#test/support/orders.ts';
import { requestBytes } from './connection.ts';

/** How many people the orders are about. */
export const patients = 10_000;

const keyHole = 'key-00000000-00000000';
const patientHole = canary.chartNumber;

export interface OrderBytes {
  /** The request of the next order: its bytes are written over by the one after. */
  next: () => Buffer;
}

/**
 * @param of.run told apart from every other run on the same database, below 2^32
 * @param of.count shared by all who make orders of one run, so that no two have the same number
 */
export function orderBytes(of: {
  url: string;
  token: string;
  consignee: string;
  run: number;
  count: () => number;
}): OrderBytes {
  const bytes = requestBytes({
    ...{ url: of.url, path: '/v1/transfers', token: of.token },
    body: JSON.stringify(orderFor(of.consignee)),
    headers: { 'idempotency-key': `"${keyHole}"` },
  });
  const keyAt = bytes.indexOf(keyHole);
  const patientsAt = placesOf(bytes, patientHole);
  bytes.write(hex(of.run), keyAt + 'key-'.length, 'latin1');
  return {
    next() {
      const number = of.count();
      bytes.write(hex(number), keyAt + 'key-00000000-'.length, 'latin1');
      const patient = `C${String(number % patients).padStart(7, '0')}`;
      for (const at of patientsAt) bytes.write(patient, at, 'latin1');
      return bytes;
    },
  };
}

const hex = (number: number) => number.toString(16).padStart(8, '0');

function placesOf(bytes: Buffer, hole: string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(hole); at >= 0; at = bytes.indexOf(hole, at + 1)) places.push(at);
  return places;
}
