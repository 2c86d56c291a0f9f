/**
 * Every operation of openapi.yaml and the handler that answers it: a missing one does not compile.
 */
import type { Gateway } from '#src/gateway.ts';
import { auditorHandlers } from './auditor.ts';
import { consigneeHandlers } from './consignee.ts';
import { contractHandlers } from './contracts.ts';
import { emrHandlers } from './emr.ts';
import type { Handlers } from './handler.ts';
import { lifecycleHandlers } from './lifecycle.ts';
import type { Metrics } from './metrics.ts';
import type { Board } from './notice/board.ts';
import { noticeHandlers } from './notice/routes.ts';
import { probeHandlers } from './probes.ts';
import { resultHandlers } from './results.ts';
import { staffHandlers } from './staff.ts';
import { subjectHandlers } from './subjects.ts';

/** The handlers of all audiences. */
export function createHandlers(
  gateway: Gateway,
  settings: { metrics: Metrics; ledgerOrigin: string; board: Board },
): Handlers {
  return {
    ...emrHandlers(gateway, settings.metrics),
    ...resultHandlers(gateway),
    ...subjectHandlers(gateway),
    ...consigneeHandlers(gateway),
    ...auditorHandlers(gateway, settings.ledgerOrigin),
    ...staffHandlers(gateway),
    ...contractHandlers(gateway),
    ...lifecycleHandlers(gateway),
    ...noticeHandlers(settings.board),
    ...probeHandlers(gateway, settings.metrics),
  };
}
