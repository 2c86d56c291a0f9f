/** Counters and gauges for Prometheus: labels are ids and closed codes only (law 4). */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Gateway } from '#src/gateway.ts';
import { countOverdue } from '#src/lifecycle/destruction.ts';
import { consigneeStates } from '#src/lifecycle/pause.ts';

export interface Metrics {
  accepted: (consignee: string) => void;
  settled: (consignee: string, status: string) => void;
  answered: (operation: string, status: number, seconds: number) => void;
  /** Gauges that are read when they are asked for. */
  watch: (gateway: Pick<Gateway, 'db' | 'ledger' | 'clock'>) => void;
  text: () => Promise<string>;
}

/** @param share how the metrics of several workers become one text; its own alone unless given */
export function createMetrics(share?: (registry: Registry) => () => Promise<string>): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  const accepted = new Counter({
    name: 'waybill_transfers_accepted_total',
    help: 'Transfers accepted.',
    ...{ labelNames: ['consignee'], registers },
  });
  const settled = new Counter({
    name: 'waybill_transfers_settled_total',
    help: 'Transfers that came to their end, by state.',
    ...{ labelNames: ['consignee', 'status'], registers },
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
    answered: (operation, status, seconds) =>
      answered.observe({ operation, status: String(status) }, seconds),
    watch: (gateway) => watch(registers, gateway),
    text: share?.(registry) ?? (() => registry.metrics()),
  };
}

function watch(
  registers: Registry[],
  { db, ledger, clock }: Pick<Gateway, 'db' | 'ledger' | 'clock'>,
): void {
  new Gauge({
    name: 'waybill_transfers_waiting',
    help: 'Transfers that wait for their consignee.',
    ...{ labelNames: ['consignee'], registers },
    async collect() {
      const states = await consigneeStates(db).catch(() => null);
      this.reset();
      for (const [consignee, count] of states?.waiting ?? []) this.set({ consignee }, count);
    },
  });
  new Gauge({
    name: 'waybill_destruction_orders_overdue',
    help: 'Destruction orders past their due date without a certificate.',
    registers,
    async collect() {
      const overdue = await countOverdue(db, clock).catch(() => null);
      if (overdue !== null) this.set(overdue);
    },
  });
  const size = new Gauge({
    name: 'waybill_ledger_size',
    help: 'Entries that the newest signed checkpoint covers.',
    registers,
  });
  new Gauge({
    name: 'waybill_ledger_checkpoint_age_seconds',
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
