/** What everybody may ask: whether the gateway lives, is ready, and how it does. */
import { GatewayError } from '#src/base/errors.ts';
import { within } from '#src/base/within.ts';
import type { Gateway } from '#src/gateway.ts';
import { witnessStates, type WitnessState } from '#src/ledger/witness-store.ts';
import { lostSignatures } from '#src/lifecycle/lost-signatures.ts';
import { overdueReviews } from '#src/oversight/review.ts';
import type { Handlers } from './handler.ts';
import type { Metrics } from './metrics.ts';

type ProbeOperation = 'getHealth' | 'getReadiness' | 'getMetrics';

/** A probe must answer before whoever probes gives up. */
const probeMsMax = 2_000;
/** Contracts named in one answer. */
const namedMax = 3;
const silentMsMax = 3_600_000;

export function probeHandlers(gateway: Gateway, metrics: Metrics): Pick<Handlers, ProbeOperation> {
  const { clock, db, health, noted, standing, versions } = gateway;
  return {
    getHealth: () => ({ status: 200, body: { status: 'ok' } }),
    async getReadiness() {
      let silent = 0;
      const looking = countSilent(gateway).then((count) => void (silent = count));
      let overdue: string[] = [];
      const reviews = overdueReviews(gateway).then((periods) => void (overdue = periods));
      const asked = Promise.all([db.query('SELECT 1'), looking, reviews]);
      const answers = await within(probeMsMax, asked);
      const checks = {
        database: check(answers, 'The database does not answer.'),
        ledger: check(
          !health.stalled() && noted.fault() === null,
          noted.fault() ?? 'The ledger has not advanced in time.',
          () => silenceOf(silent, gateway.witnesses.length),
        ),
        clock: check(agrees(clock), "This machine's clock and the database's do not agree."),
        keys: keysOf(gateway),
        contracts: health.outdated()
          ? check(false, 'Another process has newer contracts: start this one again with them.')
          : check(isFresh(standing), 'What has become of contracts is not known.', () =>
              lossOf(lostSignatures(versions, clock.today()).map(({ id }) => id)),
            ),
        reviews: check(true, '', () => lateOf(overdue)),
        accounts: check(true, '', () => strangersOf(gateway.accounts)),
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

/** Which key is missing is told by its id, which gives nothing of it away. */
function keysOf({ keys }: Gateway): { ok: boolean; detail?: string } {
  try {
    keys.assertWhole();
    return { ok: true };
  } catch (error) {
    const { key = '', keyId = '' } = error instanceof GatewayError ? error.facts : {};
    return { ok: false, detail: `This process does not hold the ${key} key ${keyId}.` };
  }
}

/** A witness' duty is to look; that it does not look stops nobody. */
function silenceOf(silent: number, all: number): string | undefined {
  if (silent === 0) return undefined;
  return `${silent} of ${all} witnesses have cosigned nothing for an hour or more.`;
}

/** Witnesses whose newest cosignature is that old, or that never brought one. */
async function countSilent(gateway: Gateway): Promise<number> {
  const nowMs = gateway.clock.now().getTime();
  const isSilent = ({ last }: WitnessState) =>
    last === null || nowMs - last.signedAt.getTime() > silentMsMax;
  return (await witnessStates(gateway)).filter(isSilent).length;
}

/** Work goes on for every other consignee, so this is no reason to send callers elsewhere. */
function lossOf(contracts: readonly string[]): string | undefined {
  if (contracts.length === 0) return undefined;
  const more = contracts.length > namedMax ? ` and ${contracts.length - namedMax} more` : '';
  const named = contracts.slice(0, namedMax).join(', ');
  return `Lost signatures, so nothing leaves under them: ${named}${more}.`;
}

/** They let nobody in; that they are there at all is for people to look at. */
function strangersOf(accounts: Gateway['accounts']): string | undefined {
  const [unknown, outdated, unread] = [accounts.unknown(), accounts.outdated(), accounts.unread()];
  const told = [
    ...(unknown > 0 ? [`Accounts in the database that no gateway wrote: ${unknown}.`] : []),
    ...(outdated > 0 ? [`Accounts older than the ledger says: ${outdated}.`] : []),
    ...(unknown + outdated > 0 ? ['They let nobody in.'] : []),
    ...(unread > 0 ? [`Entries about accounts that cannot be opened: ${unread}.`] : []),
  ];
  return told.length > 0 ? told.join(' ') : undefined;
}

/** A review is people's work: that it is late keeps no order waiting. */
function lateOf(periods: readonly string[]): string | undefined {
  if (periods.length === 0) return undefined;
  const more = periods.length > namedMax ? ` and ${periods.length - namedMax} more` : '';
  return `Reviews that are overdue: ${periods.slice(0, namedMax).join(', ')}${more}.`;
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
