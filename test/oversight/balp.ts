/**
 * The constraints of IHE BALP PrivacyDisclosure.Source (version 1.1.4) that the base resource does
 * not have, written down from its published differential.
 */

type Coding = { system?: string; code?: string };
type Concept = { coding?: Coding[] };
interface Agent {
  type?: Concept;
  who?: unknown;
  network?: unknown;
}
interface Entity {
  what?: { reference?: string };
  type?: Coding;
  role?: Coding;
}
export interface AuditEvent {
  id: string;
  meta?: { profile: string[] };
  modifierExtension?: unknown;
  type: Coding;
  subtype?: Coding[];
  action?: string;
  outcome?: string;
  outcomeDesc?: string;
  purposeOfEvent?: { text?: string }[];
  agent: Agent[];
  source: { observer: unknown };
  entity?: Entity[];
}

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const terminology = 'http://terminology.hl7.org/CodeSystem';

const is = (coding: Coding | undefined, system: string, code: string): boolean =>
  coding?.system === system && coding.code === code;

/** Everything in which an event breaks the profile, in words of the profile; none: it conforms. */
export function disclosureFaults(event: AuditEvent): string[] {
  const { agent, entity = [], subtype = [] } = event;
  const agents = (system: string, code: string) =>
    agent.filter(({ type }) => type?.coding?.some((one) => is(one, system, code)));
  const [source, recipient] = [agents(dicom, '110153'), agents(dicom, '110152')];
  const custodians = agents('http://snomed.info/sct', '159541003');
  const patients = entity.filter(({ type }) => is(type, `${terminology}/audit-entity-type`, '1'));
  const isSame = JSON.stringify(source[0]?.who) === JSON.stringify(event.source.observer);
  const disclosures = subtype.filter((one) => {
    return is(one, `${terminology}/iso-21089-lifecycle`, 'disclose');
  });
  const rules: [string, boolean][] = [
    ['modifierExtension 0..0', event.modifierExtension === undefined],
    ['type', is(event.type, dicom, '110106')],
    ['subtype:disclosure 1..1', disclosures.length === 1],
    ['action R', event.action === 'R'],
    ['outcome 1..1', ['0', '4', '8', '12'].includes(event.outcome ?? '')],
    ['agent 2..*', agent.length >= 2],
    ['agent:source 1..1', source.length === 1],
    ['agent:source.who, network 1..1', Boolean(source[0]?.who && source[0].network)],
    ['val-audit-source', isSame],
    ['agent:recipient 1..1', recipient.length === 1],
    ['agent:recipient.who, network 1..1', Boolean(recipient[0]?.who && recipient[0].network)],
    ['agent:custodian 0..1', custodians.length <= 1 && custodians.every(({ who }) => who)],
    ['entity 2..*', entity.length >= 2],
    ['entity:patient 1..1', patients.length === 1],
    ['entity:patient.what', /^Patient\/[\w-]+$/.test(patients[0]?.what?.reference ?? '')],
    ['entity:patient.role', is(patients[0]?.role, `${terminology}/object-role`, '1')],
  ];
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule);
}
