/**
 * Every operation of openapi.yaml and the handler that answers it: a missing one does not compile.
 */
import type { Gateway } from '#src/gateway.ts';
import { batchHandlers } from './batch.ts';
import { accessHandlers } from './access.ts';
import { activityHandlers } from './activity.ts';
import { auditorHandlers } from './auditor.ts';
import { consigneeHandlers } from './consignee.ts';
import { contractHandlers } from './contracts.ts';
import { deliveryHandlers } from './deliveries.ts';
import { emrHandlers } from './emr.ts';
import { eventHandlers } from './events.ts';
import { evidenceHandlers } from './evidence.ts';
import { exportHandlers } from './exports.ts';
import { disclosureHandlers } from './disclosures.ts';
import type { Handlers } from './handler.ts';
import { inboxHandlers } from './inbox.ts';
import { lifecycleHandlers } from './lifecycle.ts';
import { matrixHandlers } from './matrix.ts';
import type { Metrics } from './metrics.ts';
import type { Board } from './notice/board.ts';
import { noticeHandlers } from './notice/routes.ts';
import { probeHandlers } from './probes.ts';
import { quarantineHandlers } from './quarantine.ts';
import { reconciliationHandlers } from './reconciliations.ts';
import { replayHandlers } from './replays.ts';
import { resultHandlers } from './results.ts';
import { returnHandlers } from './returns.ts';
import { searchHandlers } from './searches.ts';
import { staffHandlers } from './staff.ts';
import { reviewHandlers } from './reviews.ts';
import type { Patience } from './streams.ts';
import { subjectHandlers } from './subjects.ts';
import { tileHandlers } from './tiles.ts';
import { witnessHandlers } from './witnesses.ts';

/** The handlers of all audiences. */
export function createHandlers(
  gateway: Gateway,
  settings: {
    metrics: Metrics;
    ledgerOrigin: string;
    issuer: string;
    board: Board;
    patience: Patience;
    spec: { components: Record<string, unknown> };
  },
): Handlers {
  return {
    ...emrHandlers(gateway, settings.metrics),
    ...batchHandlers(gateway, settings),
    ...eventHandlers(gateway),
    ...resultHandlers(gateway),
    ...returnHandlers(gateway, settings),
    ...quarantineHandlers(gateway),
    ...subjectHandlers(gateway),
    ...consigneeHandlers(gateway),
    ...inboxHandlers(gateway),
    ...auditorHandlers(gateway, settings.ledgerOrigin),
    ...searchHandlers(gateway),
    ...evidenceHandlers(gateway),
    ...exportHandlers(gateway, settings),
    ...tileHandlers(gateway),
    ...witnessHandlers(gateway),
    ...staffHandlers(gateway),
    ...activityHandlers(gateway),
    ...accessHandlers(gateway),
    ...reconciliationHandlers(gateway),
    ...disclosureHandlers(gateway, settings),
    ...reviewHandlers(gateway),
    ...replayHandlers(gateway),
    ...deliveryHandlers(gateway),
    ...contractHandlers(gateway),
    ...matrixHandlers(gateway),
    ...lifecycleHandlers(gateway),
    ...noticeHandlers(settings.board),
    ...probeHandlers(gateway, settings.metrics),
  };
}
