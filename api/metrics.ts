/** Counters and gauges for Prometheus: labels are ids and closed codes only (law 4). */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Metric } from 'prom-client';
import { deliveryStates, type BreakerState } from '#src/delivery/delivery-states.ts';
import type { PushWatch } from '#src/delivery/dispatcher.ts';
import type { Gateway } from '#src/gateway.ts';
import { witnessStates } from '#src/ledger/witness-store.ts';
import { countOverdue } from '#src/lifecycle/destruction.ts';
import { consigneeStates } from '#src/lifecycle/pause.ts';
import { overdueReviews } from '#src/oversight/review.ts';

type Watched = Pick<
  Gateway,
  'db' | 'ledger' | 'clock' | 'agreements' | 'witnesses' | 'reviewing' | 'accounts'
>;

export interface Metrics {
  accepted: (consignee: string) => void;
  settled: (consignee: string, status: string) => void;
  pushes: PushWatch;
  /** A request was refused for the sake of other clients. */
  refused: (client: string) => void;
  answered: (operation: string, status: number, seconds: number) => void;
  /** Gauges that are read when they are asked for. */
  watch: (gateway: Watched) => void;
  text: () => Promise<string>;
}

let ofProcess: Registry | undefined;

/** Measured for as long as the process lives: gateways come and go in one, as in tests. */
function metricsOfProcess(): Metric[] {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) });
  return ofProcess.getMetricsAsArray() as unknown as Metric[];
}

/** @param share how the metrics of several workers become one text; its own alone unless given */
export function createMetrics(share?: (registry: Registry) => () => Promise<string>): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  for (const metric of metricsOfProcess()) registry.registerMetric(metric);
  const accepted = new Counter({
    name: 'waybill_transfers_accepted_total',
    help: 'Transfers accepted.',
    ...{ labelNames: ['consignee'], registers },
  });
  const settled = new Counter({
    name: 'waybill_transfers_settled_total',
    help: 'Transfers that came to their end, by state; one delivered again each time.',
    ...{ labelNames: ['consignee', 'status'], registers },
  });
  const refused = new Counter({
    name: 'waybill_requests_refused_total',
    help: 'Requests refused with 429 because their client had too many under way beside others.',
    ...{ labelNames: ['client'], registers },
  });
  const answered = new Histogram({
    name: 'waybill_http_request_seconds',
    help: 'Time to answer, by operation and status.',
    labelNames: ['operation', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  return {
    accepted: (consignee) => accepted.inc({ consignee }),
    settled: (consignee, status) => settled.inc({ consignee, status }),
    pushes: pushWatch(registers),
    refused: (client) => refused.inc({ client }),
    answered: (operation, status, seconds) =>
      answered.observe({ operation, status: String(status) }, seconds),
    watch: (gateway) => watch(registers, gateway),
    text: share?.(registry) ?? (() => registry.metrics()),
  };
}

/** Pushes of this process. */
function pushWatch(registers: Registry[]): PushWatch {
  const inFlight = new Gauge({
    name: 'waybill_pushes_in_flight',
    help: 'Pushes under way.',
    ...{ labelNames: ['consignee'], registers },
  });
  const ended = new Counter({
    name: 'waybill_pushes_total',
    help: 'Pushes that ended, by class of outcome; unsent: nothing left the gateway.',
    ...{ labelNames: ['consignee', 'outcome'], registers },
  });
  return {
    began: (consignee) => inFlight.inc({ consignee }),
    ended(consignee, outcome) {
      inFlight.dec({ consignee });
      ended.inc({ consignee, outcome: outcome ?? 'unsent' });
    },
  };
}

/** A hold is a pause that ends by itself, and no fault: as if closed. */
const breakerLevels: Readonly<Record<BreakerState, number>> = {
  ...{ closed: 0, held: 0, 'half-open': 1, open: 2, disabled: 3 },
};

function watch(registers: Registry[], gateway: Watched): void {
  const { db, clock, agreements } = gateway;
  new Gauge({
    name: 'waybill_transfers_waiting',
    help: 'Transfers that wait for their consignee.',
    ...{ labelNames: ['consignee'], registers, aggregator: 'max' },
    async collect() {
      const states = await consigneeStates(db).catch(() => null);
      this.reset();
      for (const [consignee, count] of states?.waiting ?? []) this.set({ consignee }, count);
    },
  });
  new Gauge({
    name: 'waybill_breaker_state',
    help: 'Endpoints: 0 closed, 1 half open, 2 open, 3 disabled.',
    ...{ labelNames: ['consignee'], registers, aggregator: 'max' },
    async collect() {
      const states = await deliveryStates(db).catch(() => null);
      this.reset();
      if (states === null) return;
      for (const { id: consignee, push } of agreements.consignees.values()) {
        if (push) this.set({ consignee }, breakerLevels[states.get(consignee)?.state ?? 'closed']);
      }
    },
  });
  new Gauge({
    name: 'waybill_destruction_orders_overdue',
    aggregator: 'max',
    help: 'Destruction orders past their due date without a certificate.',
    registers,
    async collect() {
      const overdue = await countOverdue(db, clock).catch(() => null);
      if (overdue !== null) this.set(overdue);
    },
  });
  new Gauge({
    name: 'waybill_review_overdue',
    aggregator: 'max',
    help: 'Reviews of periods past their due date that nobody has signed.',
    registers,
    async collect() {
      const overdue = await overdueReviews(gateway).catch(() => null);
      if (overdue !== null) this.set(overdue.length);
    },
  });
  new Gauge({
    name: 'waybill_accounts_refused',
    aggregator: 'max',
    help: 'Accounts in the database that no gateway wrote, or older than the ledger says.',
    registers,
    collect() {
      this.set(gateway.accounts.unknown() + gateway.accounts.outdated());
    },
  });
  watchLedger(registers, gateway);
  watchWitnesses(registers, gateway);
}

function watchLedger(registers: Registry[], { ledger, clock }: Watched): void {
  const size = new Gauge({
    name: 'waybill_ledger_size',
    aggregator: 'max',
    help: 'Entries that the newest signed checkpoint covers.',
    registers,
  });
  new Gauge({
    name: 'waybill_ledger_checkpoint_age_seconds',
    aggregator: 'max',
    help: 'Age of the newest signed checkpoint; one is signed only when there is something new.',
    registers,
    async collect() {
      const newest = await ledger.latestCheckpoint().catch(() => null);
      if (!newest) return;
      size.set(newest.size);
      this.set((clock.now().getTime() - newest.signedAt.getTime()) / 1000);
    },
  });
}

/** One that never cosigned has no age. */
function watchWitnesses(registers: Registry[], { db, clock, witnesses }: Watched): void {
  new Gauge({
    name: 'waybill_witness_cosignature_age_seconds',
    help: 'Age of the newest cosignature of each witness of the ledger.',
    ...{ labelNames: ['witness'], registers, aggregator: 'max' },
    async collect() {
      const states = await witnessStates({ db, witnesses }).catch(() => null);
      this.reset();
      for (const { name: witness, last } of states ?? []) {
        if (last) this.set({ witness }, (clock.now().getTime() - last.signedAt.getTime()) / 1000);
      }
    },
  });
}
