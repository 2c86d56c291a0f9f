/** The codes of FHIR R4 and of IHE BALP that events of ours are told in. */

/** A Coding of FHIR R4. */
export interface Coding {
  system: string;
  code: string;
  display: string;
}

const dicom = (code: string, display: string): Coding => {
  return { system: 'http://dicom.nema.org/resources/ontology/DCM', code, display };
};
const terminology = (name: string, code: string, display: string): Coding => {
  return { system: `http://terminology.hl7.org/CodeSystem/${name}`, code, display };
};

/** IHE ITI Basic Audit Log Patterns: a disclosure, as its source records it. */
export const disclosureProfile =
  'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PrivacyDisclosure.Source';

export const exportType = dicom('110106', 'Export');
export const importType = dicom('110107', 'Import');
export const sourceRole = dicom('110153', 'Source Role ID');
export const recipientRole = dicom('110152', 'Destination Role ID');
export const custodianRole: Coding = {
  ...{ system: 'http://snomed.info/sct', code: '159541003' },
  display: 'Record keeping/library clerk',
};
export const disclose = terminology(
  ...(['iso-21089-lifecycle', 'disclose', 'Disclose Record Lifecycle Event'] as const),
);
export const applicationServer = terminology('security-source-type', '4', 'Application Server');
export const person = terminology('audit-entity-type', '1', 'Person');
export const systemObject = terminology('audit-entity-type', '2', 'System Object');
export const patientRole = terminology('object-role', '1', 'Patient');
export const reportRole = terminology('object-role', '3', 'Report');
export const treatment = terminology('v3-ActReason', 'TREAT', 'treatment');
export const operations = terminology('v3-ActReason', 'HOPERAT', 'healthcare operations');

/** Kinds of network address (FHIR R4 `network-type`). */
export const network = { machineName: '1', uri: '5' } as const;
