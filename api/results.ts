/** Results, as the EMR collects them and as the consignee that returned them follows them. */
import type { Gateway } from '#src/gateway.ts';
import type { AttachmentView, FileKind } from '#src/transfers/attached.ts';
import { openAttachment } from '#src/transfers/attachment-content.ts';
import { collect } from '#src/transfers/collect.ts';
import { getReturned, listReturned } from '#src/transfers/for-consignee.ts';
import { getCollected, getResult, listResults } from '#src/transfers/for-emr.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';
import { pageLimit } from './page.ts';

type ResultOperation = 'listResults' | 'getResult' | 'getAttachment' | 'ackResult';

export function resultHandlers(gateway: Gateway): Pick<Handlers, ResultOperation> {
  return {
    // Both ends list results: the EMR those for its orders, a consignee those it returned.
    async listResults({ caller, query }) {
      const ask = { ...query, client: caller.client, limit: pageLimit(query.limit) };
      const { consignee } = caller;
      const page = consignee
        ? await listReturned(gateway, { ...ask, consignee })
        : await listResults(gateway, ask);
      return { status: 200, body: page };
    },
    async getResult({ caller, path }) {
      const { consignee, client } = caller;
      const body = consignee
        ? await getReturned(gateway, { consignee, id: path.id })
        : await getResult(gateway, { client, id: path.id });
      return { status: 200, body };
    },
    async getAttachment({ caller, path }) {
      const { id: result, attachment } = path;
      const { client } = caller;
      const { pieces, ...file } = await openAttachment(gateway, { client, result, attachment });
      return { status: 200, body: pieces, headers: headersOf(file) };
    },
    async ackResult(request) {
      const { id } = request.path;
      await collect(gateway, { actor: actorOf(request), result: id });
      const body = await getCollected(gateway, { client: request.caller.client, id });
      return { status: 200, body };
    },
  };
}

const endings: Readonly<Record<FileKind, string>> = {
  'application/pdf': 'pdf',
  'image/png': 'png',
  'image/jpeg': 'jpg',
};

/** Saved, never shown (RFC 6266), under a name that says nothing; digest by RFC 9530. */
function headersOf({ id, mediaType, bytes, sha256 }: AttachmentView): Record<string, string> {
  return {
    'content-type': mediaType,
    'content-length': String(bytes),
    'content-disposition': `attachment; filename="${id}.${endings[mediaType]}"`,
    'repr-digest': `sha-256=:${sha256}:`,
  };
}
