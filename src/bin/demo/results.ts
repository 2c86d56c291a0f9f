/** What a consignee returns for a transfer, by what its contract lets it return. */
import { seeded, between } from './people.ts';

/** Each returned item, made for one transfer. */
const makers: Readonly<Record<string, (facts: Facts) => unknown>> = {
  testResult: ({ today, random }) => ({
    reportedOn: today,
    status: 'final',
    values: [{ value: between(random, 70, 180), unit: 'mg/dL', flag: 'N', reference: '70-99' }],
  }),
  shipment: ({ random, today }) => ({
    trackingNumber: `0000${between(random, 100_000_000, 999_999_999)}`,
    status: 'accepted',
    at: `${today}T00:00:00.000Z`,
  }),
  workReport: ({ today }) => ({ at: `${today}T00:00:00.000Z`, summary: '요청한 작업을 마침' }),
};

interface Facts {
  today: string;
  random: () => number;
}

/**
 * The result by item code. Laboratories' files repeat the person's name: here too, and the gateway
 * keeps it out, for no contract lets it come back.
 */
export function resultFor(
  returns: readonly { item: string; required: boolean }[],
  about: { transfer: string; today: string },
): Record<string, unknown> {
  const random = seeded(Number.parseInt(about.transfer.slice(-8), 16), 0);
  const result: Record<string, unknown> = { name: '수신자' };
  for (const { item, required } of returns) {
    const make = makers[item];
    if (required && make) result[item] = make({ today: about.today, random });
  }
  return result;
}
