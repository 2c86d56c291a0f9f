/** What auditors take away of a search: a table, lines or FHIR events, streamed. */
import { GatewayError } from '#src/base/errors.ts';
import type { Gateway } from '#src/gateway.ts';
import { openExport, type ExportFormat } from '#src/oversight/export.ts';
import { actorOf } from './caller.ts';
import type { ApiRequest, Handlers } from './handler.ts';
import { searchOf, type Filters } from './searches.ts';

type ExportOperation = 'exportTransfers' | 'exportTransfersOf';

type Asked = Omit<Filters, 'reason'> & {
  format: ExportFormat;
  reason: string;
  withheldReason?: Filters['reason'];
  lang?: 'en' | 'ko' | undefined;
};

/** Media type and ending of each format. */
const kinds: Readonly<Record<ExportFormat, readonly [mediaType: string, ending: string]>> = {
  csv: ['text/csv; charset=utf-8', 'csv'],
  ndjson: ['application/x-ndjson', 'ndjson'],
  fhir: ['application/fhir+json; fhirVersion=4.0', 'json'],
};

export function exportHandlers(
  gateway: Gateway,
  { issuer }: { issuer: string },
): Pick<Handlers, ExportOperation> {
  const send = async (request: ApiRequest<ExportOperation>, asked: Asked, at: string) => {
    const { format, reason, lang, withheldReason, ...filters } = asked;
    const body = await openExport(
      { ...gateway, issuer },
      {
        ...{ actor: actorOf(request), format, reason, inUrl: at !== '' },
        search: searchOf({ ...filters, reason: withheldReason }, at),
        language: lang ?? request.language,
        assertMay: () => assertMay(gateway, request.caller),
      },
    );
    const [mediaType, ending] = kinds[format];
    const headers = {
      'content-type': mediaType,
      'content-disposition': `attachment; filename="transfers.${ending}"`,
    };
    return { status: 200 as const, body, headers };
  };
  return {
    exportTransfers: (request) => send(request, request.query, '/query'),
    exportTransfersOf: (request) => send(request, request.body, ''),
  };
}

/** Asked before each page: a gateway in doubt sends no more, and a revoked client gets no more. */
async function assertMay(
  { health, clients, sessions }: Gateway,
  { client, person }: ApiRequest<ExportOperation>['caller'],
): Promise<void> {
  health.assertOpen();
  const state = person === undefined ? await clients.lookup(client) : await sessions.person(person);
  if (!state?.scopes.has('audit:read')) {
    throw new GatewayError('UNAUTHENTICATED', { facts: { reason: 'REVOKED' } });
  }
}
