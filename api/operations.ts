/**
 * Every operation of openapi.yaml and the handler that answers it: a missing one does not compile.
 */
import type { Gateway } from '#src/gateway.ts';
import { auditorHandlers } from './auditor.ts';
import { consigneeHandlers } from './consignee.ts';
import { emrHandlers } from './emr.ts';
import type { Handlers } from './handler.ts';
import type { Metrics } from './metrics.ts';
import { openHandlers } from './probes.ts';
import { resultHandlers } from './results.ts';
import { staffHandlers } from './staff.ts';

/** The handlers of all audiences. */
export function createHandlers(
  gateway: Gateway,
  settings: { metrics: Metrics; ledgerOrigin: string },
): Handlers {
  return {
    ...emrHandlers(gateway, settings.metrics),
    ...resultHandlers(gateway),
    ...consigneeHandlers(gateway),
    ...auditorHandlers(gateway, settings.ledgerOrigin),
    ...staffHandlers(gateway),
    ...openHandlers(gateway, settings.metrics),
  };
}
