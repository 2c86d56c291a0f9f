/** What `waybill demo` was asked for on its command line. */
import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Play through and exit, in a temporary home. */
  once: boolean;
  /** Machine-readable lines on standard output. */
  json: boolean;
  /** How many orders in all, round-robin over the consignees. */
  orders: number;
}

const ordersDefault = 170;
const ordersMax = 100_000;

export const usage = `usage: waybill demo [--once] [--json] [--orders N]

  --once      play it through in a temporary home and exit (status 1 if anything does not add up);
              without it the demo stays up until Ctrl-C, in .waybill or WAYBILL_HOME
  --json      one JSON line per consignee and a summary on standard output, instead of a table
  --orders N  how many orders, 1 to ${ordersMax}, over the consignees in turn (${ordersDefault})
`;

/** The options, or what is wrong with them. */
export function readOptions(args: readonly string[]): DemoOptions | { fault: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        orders: { type: 'string', default: String(ordersDefault) },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { fault: '' };
    const orders = /^\d{1,6}$/.test(values.orders) ? Number(values.orders) : 0;
    if (orders < 1 || orders > ordersMax) {
      return { fault: `--orders: must be a whole number from 1 to ${ordersMax}` };
    }
    return { once: values.once, json: values.json, orders };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}
