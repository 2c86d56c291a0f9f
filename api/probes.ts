/**
 * What everybody may ask: the public notice,
 * and whether the gateway lives, is ready, and how it does.
 */
import { notice } from '#src/agreements/notice.ts';
import type { Gateway } from '#src/gateway.ts';
import type { Handlers } from './handler.ts';
import type { Metrics } from './metrics.ts';

type OpenOperation = 'getNotice' | 'getHealth' | 'getReadiness' | 'getMetrics';

/** A probe must answer before whoever probes gives up. */
const probeMsMax = 2_000;

export function openHandlers(gateway: Gateway, metrics: Metrics): Pick<Handlers, OpenOperation> {
  const { agreements, clock, db, health } = gateway;
  return {
    getNotice: () => ({ status: 200, body: notice(agreements, clock.today()) }),
    getHealth: () => ({ status: 200, body: { status: 'ok' } }),
    async getReadiness() {
      const answers = await within(probeMsMax, db.query('SELECT 1'));
      const checks = {
        database: check(answers, 'The database does not answer.'),
        ledger: check(!health.stalled(), 'The ledger has not advanced in time.'),
        clock: check(agrees(clock), "This machine's clock and the database's do not agree."),
      };
      const ready = Object.values(checks).every((one) => one.ok) && !health.closing();
      return ready
        ? { status: 200, body: { status: 'ready', checks } }
        : { status: 503, body: { status: 'unready', checks } };
    },
    async getMetrics() {
      return { status: 200, body: await metrics.text() };
    },
  };
}

function check(ok: boolean, detail: string): { ok: boolean; detail?: string } {
  return ok ? { ok } : { ok, detail };
}

function agrees(clock: Gateway['clock']): boolean {
  try {
    clock.assertAgrees();
    return true;
  } catch {
    return false;
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const done = work.then(
    () => true,
    () => false,
  );
  const answer = await Promise.race([done, late]);
  clearTimeout(timer);
  return answer;
}
