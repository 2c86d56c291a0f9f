/** What everybody may ask: whether the gateway lives, is ready, and how it does. */
import type { Gateway } from '#src/gateway.ts';
import type { Handlers } from './handler.ts';
import type { Metrics } from './metrics.ts';

type ProbeOperation = 'getHealth' | 'getReadiness' | 'getMetrics';

/** A probe must answer before whoever probes gives up. */
const probeMsMax = 2_000;

export function probeHandlers(gateway: Gateway, metrics: Metrics): Pick<Handlers, ProbeOperation> {
  const { clock, db, health, standing } = gateway;
  return {
    getHealth: () => ({ status: 200, body: { status: 'ok' } }),
    async getReadiness() {
      const answers = await within(probeMsMax, db.query('SELECT 1'));
      const checks = {
        database: check(answers, 'The database does not answer.'),
        ledger: check(!health.stalled(), 'The ledger has not advanced in time.'),
        clock: check(agrees(clock), "This machine's clock and the database's do not agree."),
        contracts: health.outdated()
          ? check(false, 'Another process has newer contracts: start this one again with them.')
          : check(isFresh(standing), 'What has become of contracts is not known.'),
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

const agrees = (clock: Gateway['clock']) => holds(() => clock.assertAgrees());
const isFresh = (standing: Gateway['standing']) => holds(() => standing.assertFresh());

function holds(assertion: () => void): boolean {
  try {
    assertion();
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
