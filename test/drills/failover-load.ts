/** Clinics that go on sending while a database dies: each order under one key until it is taken. */
import { orderFor, posted } from '#test/support/orders.ts';
import type { TestGateway } from '#test/support/gateway.ts';
import { pause, within } from '#test/faults/pace.ts';

/** A 202, as it was given. */
export interface Acknowledged {
  key: string;
  id: string;
  reply: string;
}

export interface Load {
  acknowledged: Acknowledged[];
  /** Requests that got no 202 and were sent again. */
  repeated: number;
  /** What was answered to something else than an outage: must stay empty. */
  refused: string[];
  /** When the first 202 came to a request that was sent after the kill. */
  firstAfter: number | null;
  /** From now on: `performance.now()` of the kill. */
  mark(at: number): void;
  /** Lets each order that is under way be taken, and sends no more. */
  stop(): Promise<void>;
}

const restMs = 50;
/** A gateway answers an outage within 12 s, by its own limits: longer is a fault of its own. */
const answerMsMax = 30_000;

/** One consignee that is pushed to gets everything. */
export function startLoad(gateways: readonly TestGateway[], of: { lanes: number }): Load {
  const over = { is: false };
  let killedAt = Infinity;
  const load: Load = {
    ...{ acknowledged: [], repeated: 0, refused: [], firstAfter: null },
    mark: (at) => void (killedAt = at),
    async stop() {
      over.is = true;
      await Promise.all(lanes);
    },
  };
  const lanes = Array.from({ length: of.lanes }, async (_, lane) => {
    while (!over.is) {
      const key = `failover-${crypto.randomUUID()}`;
      for (let tries = 0; ; tries += 1) {
        const gateway = gateways[(lane + tries) % gateways.length];
        const sentAt = performance.now();
        const reply = gateway && (await sendOnce(gateway, key));
        if (reply?.status === 202) {
          const { id } = JSON.parse(reply.text) as { id: string };
          load.acknowledged.push({ key, id, reply: reply.text });
          if (sentAt > killedAt) load.firstAfter ??= performance.now();
          break;
        }
        load.repeated += 1;
        const why = `${reply?.status}: ${reply?.text}`;
        if (reply && reply.status < 500 && !load.refused.includes(why)) load.refused.push(why);
        await pause(restMs);
      }
    }
  });
  return load;
}

/** The reply; undefined where there was none, as to a client whose line was cut. */
async function sendOnce(gateway: TestGateway, key: string) {
  try {
    const emr = await gateway.as('emr');
    const reply = await emr.fetch('/v1/transfers', {
      ...posted(orderFor('samkwang'), key),
      signal: AbortSignal.timeout(answerMsMax),
    });
    return { status: reply.status, text: await reply.text() };
  } catch {
    return undefined;
  }
}

/** Sends every acknowledged order once more: how many were answered as they were the first time. */
export async function repeatAll(
  gateway: TestGateway,
  acknowledged: readonly Acknowledged[],
): Promise<number> {
  let same = 0;
  const left = acknowledged.values();
  const lane = async () => {
    for (const { key, reply } of left) {
      const again = await within(answerMsMax, sendOnce(gateway, key));
      if (again?.status === 202 && again.text === reply) same += 1;
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return same;
}
