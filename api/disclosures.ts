/** Operations about one person: to whom their data went. */
import { seoulDate } from '#src/base/seoul.ts';
import type { Gateway } from '#src/gateway.ts';
import { readDisclosures } from '#src/oversight/disclosures.ts';
import { actorOf } from './caller.ts';
import { disclosuresPage, disclosuresPageHeaders } from './disclosures-page.ts';
import type { ApiRequest, Handlers, Pieces } from './handler.ts';
import { instantOf } from './instant.ts';
import type { Board } from './notice/board.ts';

type DisclosureOperation = 'readDisclosures' | 'printDisclosures';

const limitDefault = 100;
/** What a document lists one by one; its summary counts all. */
const printedMax = 1_000;

export function disclosureHandlers(
  gateway: Gateway,
  { board }: { board: Board },
): Pick<Handlers, DisclosureOperation> {
  return {
    async readDisclosures(request) {
      const { cursor, limit = limitDefault } = request.body;
      const found = await readDisclosures(gateway, { ...askOf(request), cursor, limit });
      return { status: 200, body: found };
    },
    async printDisclosures(request) {
      const language = request.query.lang ?? 'ko';
      const ask = askOf(request);
      const found = await readDisclosures(gateway, { ...ask, limit: printedMax });
      const clinic = board.current().notice;
      const page = disclosuresPage({ found, clinic, period: daysOf(ask) }, language);
      const headers = { ...disclosuresPageHeaders, 'content-language': language };
      return { status: 200, body: onePiece(page), headers };
    },
  };
}

function askOf(request: ApiRequest<DisclosureOperation>) {
  const { subject, from, to, reason } = request.body;
  return {
    ...{ actor: actorOf(request), subject, reason },
    from: from === undefined ? undefined : instantOf('/from', from),
    to: to === undefined ? undefined : instantOf('/to', to),
  };
}

/** The Seoul days of a period; its end is the last day that it reaches into. */
function daysOf({ from, to }: { from?: Date | undefined; to?: Date | undefined }) {
  return {
    from: from ? seoulDate(from.getTime()) : null,
    to: to ? seoulDate(to.getTime() - 1) : null,
  };
}

/** A whole document, sent as others' pieces are: text alone would be sent as plain text. */
async function* onePiece(text: string): Pieces {
  yield await Promise.resolve(text);
}
