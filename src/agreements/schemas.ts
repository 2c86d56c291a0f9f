/** Holds each kind of file against its JSON Schema, the same that editors complete from. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { isRealDate } from '#src/base/seoul.ts';
import consigneeSchema from '../../consignees/consignee.schema.json' with { type: 'json' };
import contractSchema from '../../contracts/contract.schema.json' with { type: 'json' };
import dictionarySchema from '../../contracts/dictionary.schema.json' with { type: 'json' };
import type { Faults } from './faults.ts';
import { nearest } from './nearest.ts';
import type { Place, YamlFile } from './yaml-file.ts';

/** Ajv for JSON Schema 2020-12 with the formats that dictionary items may use. */
export function makeAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    verbose: true,
  });
  ajv.addFormat('real-date', isRealDate);
  for (const name of ['date', 'date-time', 'email', 'ipv4', 'ipv6'] as const) {
    ajv.addFormat(name, fullFormats[name]);
  }
  return ajv;
}

const ajv = makeAjv();
const validators = {
  consignee: ajv.compile(consigneeSchema),
  contract: ajv.compile(contractSchema),
  dictionary: ajv.compile(dictionarySchema),
};

type Described = { description?: string; properties?: Record<string, Described> } | undefined;

function placeOf(error: ErrorObject): Place {
  const steps = error.instancePath.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function nameOf(place: Place): string {
  const name = place.reduce<string>(
    (text, step) => (/^\d+$/.test(String(step)) ? `${text}[${step}]` : `${text}.${step}`),
    '',
  );
  return name === '' ? 'the file' : name.replace(/^\./, '');
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  const right = meant ? `did you mean "${meant}"?` : `it may be one of ${known.join(', ')}`;
  return `unknown key "${key}"; ${right}`;
}

/** The place and the sentence of one error; values of the file are never repeated. */
function explain(error: ErrorObject): { place: Place; text: string } {
  const place = placeOf(error);
  const schema = error.parentSchema as Described;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const text = unknownKey(key, Object.keys(schema?.properties ?? {}));
      return { place: [...place, key], text };
    }
    case 'required': {
      const key = String(params['missingProperty']);
      const wanted = schema?.properties?.[key]?.description ?? `what the schema says of "${key}"`;
      return { place, text: `"${key}" is missing in ${nameOf(place)}; give ${wanted}` };
    }
    case 'false schema':
      return { place, text: 'push settings on channel: pull; remove them, or set channel: push' };
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).join(', ');
      return { place, text: `${nameOf(place)} has an unknown value; use one of ${allowed}` };
    }
    default: {
      const wanted = schema?.description ?? error.message ?? error.keyword;
      return { place, text: `${nameOf(place)} is not right; it must be ${wanted}` };
    }
  }
}

/**
 * True when the file is what its schema asks for; otherwise every deviation is in `faults`.
 * Alternatives (`anyOf`) are reported once, as a whole.
 */
export function fitsSchema(kind: keyof typeof validators, file: YamlFile, faults: Faults): boolean {
  const validate = validators[kind];
  if (validate(file.value)) return true;
  for (const error of validate.errors ?? []) {
    if (error.keyword === 'if' || /\/anyOf\/\d+\//.test(error.schemaPath)) continue;
    const { place, text } = explain(error);
    faults.add(file.path, file.lineOf(place), text);
  }
  return false;
}
