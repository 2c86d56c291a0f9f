/** One transfer's evidence as a file: whoever gets it needs nothing else of us. */
import type { Gateway } from '#src/gateway.ts';
import { makeEvidence } from '#src/oversight/evidence.ts';
import type { Actor } from '#src/base/words.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';

type EvidenceOperation = 'getEvidence' | 'makeEvidence';

export function evidenceHandlers(gateway: Gateway): Pick<Handlers, EvidenceOperation> {
  const make = async (ask: { actor: Actor; transfer: string; reason: string; inUrl: boolean }) => {
    const body = await makeEvidence(gateway, ask);
    // Saved, never shown (RFC 6266), under a name that says only which transfer it is about.
    const name = `evidence-${ask.transfer}.json`;
    const headers = { 'content-disposition': `attachment; filename="${name}"` };
    return { status: 200, body, headers } as const;
  };
  return {
    getEvidence(request) {
      const { id: transfer } = request.path;
      const { reason } = request.query;
      return make({ actor: actorOf(request), transfer, reason, inUrl: true });
    },
    makeEvidence(request) {
      const { id: transfer } = request.path;
      const { reason } = request.body;
      return make({ actor: actorOf(request), transfer, reason, inUrl: false });
    },
  };
}
