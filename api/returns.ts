/** What a consignee returns: results, for a transfer or into quarantine, and their files. */
import { createUploadPlaces } from '#src/base/upload-places.ts';
import type { Gateway } from '#src/gateway.ts';
import type { FileKind } from '#src/transfers/attached.ts';
import { receiveAttachment, uploadsAtOnceMax } from '#src/transfers/attachments.ts';
import { returnResult } from '#src/transfers/results.ts';
import { actorOf, consigneeOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { repeatableOf } from './idempotency-key.ts';
import { paced, type Patience } from './streams.ts';

type ReturnOperation = 'returnResult' | 'uploadAttachment';

export function returnHandlers(
  gateway: Gateway,
  { patience }: { patience: Patience },
): Pick<Handlers, ReturnOperation> {
  const uploads = createUploadPlaces(uploadsAtOnceMax);
  return {
    async returnResult(request) {
      const { transfer, result, attachments, hints } = request.body;
      const body = await returnResult(gateway, {
        ...{ actor: actorOf(request), consignee: consigneeOf(request) },
        ...{ transfer, result, attachments, hints },
        idempotency: () => repeatableOf(gateway.fingerprint, 'returnResult', request),
      });
      if (body.quarantined) return { status: 201, body };
      return { status: 201, body, headers: { location: `/v1/results/${body.id}` } };
    },
    async uploadAttachment(request) {
      const body = await receiveAttachment(
        { ...gateway, uploads },
        {
          ...{ actor: actorOf(request), consignee: consigneeOf(request) },
          ...{ transfer: request.query.transfer, mediaType: request.mediaType as FileKind },
          announcedBytes: request.announcedBytes,
          stream: paced(request.stream, patience),
        },
      );
      return { status: 201, body };
    },
  };
}
