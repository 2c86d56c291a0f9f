/**
 * One transfer, or one result, as a FHIR R4 AuditEvent. What left of a patient follows IHE BALP
 * PrivacyDisclosure.Source; of others, and of what never left, the event is a plain AuditEvent.
 */
import { underWay } from '#src/base/under-way.ts';
import type { Clinic } from '#src/base/words.ts';
import type { resultView } from '#src/transfers/rows.ts';
import {
  applicationServer,
  custodianRole,
  disclose,
  disclosureProfile,
  exportType,
  importType,
  network,
  operations,
  patientRole,
  person,
  recipientRole,
  reportRole,
  sourceRole,
  systemObject,
  treatment,
  type Coding,
} from './audit-event-codes.ts';
import type { ExportView } from './export-view.ts';

export interface EventDeps {
  /** The public origin of the gateway. */
  issuer: string;
  clinic: Clinic | null;
}

/** RFC 3986 URIs as the system of an identifier (FHIR R4). */
const uriSystem = 'urn:ietf:rfc:3986';

type Transfer = ExportView['transfer'];

/**
 * What a transfer came to. It has left where it was tried once: of an attempt that failed nobody
 * knows how far it came.
 */
function outcomeOf({ status, attempts, lastOutcome, takenAt }: Transfer) {
  const hasLeft = attempts > 0 || takenAt !== null;
  const said = `${status}${lastOutcome === null ? '' : ` (${lastOutcome})`}`;
  if (!hasLeft) {
    // Neither a success nor a failure while it waits.
    const code = underWay.has(status) ? {} : { outcome: '8' };
    return { hasLeft, ...code, outcomeDesc: `${said}: nothing has left` };
  }
  if (status === 'delivered') return { hasLeft, outcome: '0', outcomeDesc: said };
  const [outcome, more] = status === 'failed' ? ['8', 'may have left'] : ['4', 'has left'];
  return { hasLeft, outcome, outcomeDesc: `${said}: ${more}` };
}

/** The event of a transfer: an export, by whom, to whom, of whose data, with which items. */
export function disclosureEvent(deps: EventDeps, view: ExportView) {
  const { transfer, contract } = view;
  const { hasLeft, ...outcome } = outcomeOf(transfer);
  const subject = contract?.subject === 'patient' ? transfer.subject : null;
  const isDisclosure = hasLeft && subject !== null;
  const recorded = transfer.takenAt ?? transfer.settledAt ?? transfer.createdAt;
  return {
    resourceType: 'AuditEvent' as const,
    id: transfer.id,
    ...(isDisclosure ? { meta: { profile: [disclosureProfile] } } : {}),
    type: exportType,
    subtype: [disclose],
    action: 'R' as const,
    period: { start: transfer.createdAt, end: recorded },
    recorded,
    ...outcome,
    purposeOfEvent: purposeOf(view),
    agent: [
      { type: concept(sourceRole), ...gatewayAgent(deps), requestor: false },
      { type: concept(recipientRole), ...consigneeAgent(deps, view), requestor: false },
      ...custodianOf(deps),
      requestorOf(transfer.client),
    ],
    source: { observer: gatewayAgent(deps).who, type: [applicationServer] },
    entity: [
      ...whoseData(transfer.subject, subject !== null),
      {
        what: { identifier: uuidIdentifier(transfer.id) },
        ...{ type: systemObject, role: reportRole, detail: detailOf(transfer) },
      },
    ],
  };
}

/** The event of a result: an import, from the consignee to the gateway. */
export function returnEvent(
  deps: EventDeps,
  view: ExportView,
  result: ReturnType<typeof resultView>,
) {
  const { transfer, contract } = view;
  const isPatient = contract?.subject === 'patient';
  return {
    resourceType: 'AuditEvent' as const,
    id: result.id,
    type: importType,
    subtype: [disclose],
    action: 'C' as const,
    recorded: result.createdAt,
    outcome: '0' as const,
    outcomeDesc: result.status,
    purposeOfEvent: purposeOf(view),
    agent: [
      { type: concept(sourceRole), ...consigneeAgent(deps, view), requestor: true },
      { type: concept(recipientRole), ...gatewayAgent(deps), requestor: false },
      ...custodianOf(deps),
    ],
    source: { observer: gatewayAgent(deps).who, type: [applicationServer] },
    entity: [
      ...whoseData(transfer.subject, isPatient),
      {
        what: { identifier: uuidIdentifier(result.id) },
        ...{ type: systemObject, role: reportRole },
        detail: [
          ...details('transfer', [transfer.id]),
          ...details('contract', [result.contract]),
          ...details('item', result.accepted),
          ...details('withheld', result.withheld.map(withheldText)),
        ],
      },
    ],
  };
}

/** Why the consignee works for the clinic: its contract's own words, and the nearest code. */
function purposeOf({ contract }: ExportView) {
  if (!contract) return [concept(operations)];
  const isTreatment = contract.returns.some(({ item }) => item === 'testResult');
  return [{ ...concept(isTreatment ? treatment : operations), text: contract.purpose.en }];
}

function gatewayAgent({ issuer }: EventDeps) {
  const who = { identifier: { system: uriSystem, value: issuer }, display: 'Waybill' };
  return { who, network: { address: new URL(issuer).hostname, type: network.machineName } };
}

/** Where it is reached: its own address, or the inbox of the gateway, from which it fetches. */
function consigneeAgent({ issuer }: EventDeps, { consignee, transfer }: ExportView) {
  const { consignee: value } = transfer;
  const who = {
    identifier: { system: `${issuer}/v1/consignees`, value },
    display: consignee?.name.en ?? value,
  };
  const address = withoutQuery(consignee?.push?.url) ?? `${issuer}/v1/inbox`;
  return { who, network: { address, type: network.uri } };
}

function withoutQuery(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** The clinic, which answers for the data. */
function custodianOf({ clinic }: EventDeps) {
  if (!clinic) return [];
  return [{ type: concept(custodianRole), who: { display: clinic.name.en }, requestor: false }];
}

/** The EMR that asked for it. */
function requestorOf(client: string) {
  return { who: { identifier: { value: client } }, requestor: true };
}

/** By the random id that stands for the person; nobody once what was kept of them is destroyed. */
function whoseData(subject: string | null, isPatient: boolean) {
  if (subject === null) return [];
  const identifier = uuidIdentifier(subject);
  if (!isPatient) return [{ what: { identifier }, type: person }];
  const what = { reference: `Patient/${subject}`, type: 'Patient', identifier };
  return [{ what, type: person, role: patientRole }];
}

function detailOf(transfer: Transfer) {
  return [
    ...details('contract', [transfer.contract]),
    ...details('item', [...transfer.released, ...transfer.derived]),
    ...details('withheld', transfer.withheld.map(withheldText)),
    ...details('commitment', [transfer.commitment]),
    ...details('entry', transfer.entry === null ? [] : [String(transfer.entry)]),
  ];
}

function details(type: string, values: readonly string[]) {
  return values.map((valueString) => ({ type, valueString }));
}

function withheldText({ item, reason }: { item: string; reason: string }): string {
  return `${item} ${reason}`;
}

function uuidIdentifier(id: string) {
  return { system: uriSystem, value: `urn:uuid:${id}` };
}

function concept(coding: Coding) {
  return { coding: [coding] };
}
