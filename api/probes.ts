/** What everybody may ask: whether the gateway lives, is ready, and how it does. */
import type { Gateway } from '#src/gateway.ts';
import { lostSignatures } from '#src/lifecycle/lost-signatures.ts';
import type { Handlers } from './handler.ts';
import type { Metrics } from './metrics.ts';

type ProbeOperation = 'getHealth' | 'getReadiness' | 'getMetrics';

/** A probe must answer before whoever probes gives up. */
const probeMsMax = 2_000;
/** Contracts named in one answer. */
const namedMax = 3;

export function probeHandlers(gateway: Gateway, metrics: Metrics): Pick<Handlers, ProbeOperation> {
  const { clock, db, health, standing, versions } = gateway;
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
          : check(isFresh(standing), 'What has become of contracts is not known.', () =>
              lossOf(lostSignatures(versions, clock.today()).map(({ id }) => id)),
            ),
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

/** @param caveat what is to be said although it holds */
function check(
  ok: boolean,
  wrong: string,
  caveat: () => string | undefined = () => undefined,
): { ok: boolean; detail?: string } {
  const detail = ok ? caveat() : wrong;
  return detail === undefined ? { ok } : { ok, detail };
}

/** Work goes on for every other consignee, so this is no reason to send callers elsewhere. */
function lossOf(contracts: readonly string[]): string | undefined {
  if (contracts.length === 0) return undefined;
  const more = contracts.length > namedMax ? ` and ${contracts.length - namedMax} more` : '';
  const named = contracts.slice(0, namedMax).join(', ');
  return `Lost signatures, so nothing leaves under them: ${named}${more}.`;
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
