/** Holds each kind of file against its JSON Schema, the same that editors complete from. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, Options, ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { isRealDate } from '#src/base/seoul.ts';
import type { Words } from '#src/base/words.ts';
import consigneeSchema from '../../consignees/consignee.schema.json' with { type: 'json' };
import clinicSchema from '../../contracts/clinic.schema.json' with { type: 'json' };
import contractSchema from '../../contracts/contract.schema.json' with { type: 'json' };
import dictionarySchema from '../../contracts/dictionary.schema.json' with { type: 'json' };
import subscribersSchema from './subscribers.schema.json' with { type: 'json' };
import { wrong, type Faults, type Wrong } from './faults.ts';
import { clauseLaw, laws } from './laws.ts';
import { nearest } from './nearest.ts';
import { isPlaceholder } from './placeholder.ts';
import type { Place, YamlFile } from './yaml-file.ts';

/** Ajv for JSON Schema 2020-12 with the formats that dictionary items may use. */
export function makeAjv(options: Options = {}): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    verbose: true,
    ...options,
  });
  // the same description for people who read Korean; it judges nothing
  ajv.addKeyword({ keyword: 'descriptionKo', schemaType: 'string' });
  ajv.addFormat('real-date', isRealDate);
  for (const name of ['date', 'date-time', 'email', 'ipv4', 'ipv6'] as const) {
    ajv.addFormat(name, fullFormats[name]);
  }
  return ajv;
}

// That the shipped schemas are JSON Schema is proved by the tests, and not again at every start.
const ajv = makeAjv({ validateSchema: false });
// A subscriber is pushed to in the way that a consignee is.
ajv.addSchema({ ...consigneeSchema.properties.push, $id: 'push', $defs: consigneeSchema.$defs });
const schemas = {
  clinic: clinicSchema,
  consignee: consigneeSchema,
  contract: contractSchema,
  dictionary: dictionarySchema,
  subscribers: subscribersSchema,
};

type Kind = keyof typeof schemas;

/** Compiled when the first file of its kind is read, and kept by Ajv. */
const validatorOf = (kind: Kind): ValidateFunction => ajv.compile(schemas[kind]);

type Described =
  | { description?: string; descriptionKo?: string; properties?: Record<string, Described> }
  | undefined;

/** The law behind each part of a contract, by its first key. */
const partLaws: Readonly<Record<string, Words>> = {
  ...{ work: laws.published, pins: laws.published, items: laws.published },
  ...{ legalBasis: laws.registrationNumber, subConsignees: laws.passedOn },
  ...{ document: laws.written, clauses: laws.written },
};

function lawOf(kind: Kind, place: Place): Words | undefined {
  const [part, clause] = place.map(String);
  if (kind !== 'contract' || part === undefined) return undefined;
  if (part === 'clauses' && clause !== undefined) return clauseLaw(clause);
  return Object.hasOwn(partLaws, part) ? partLaws[part] : undefined;
}

function placeOf(error: ErrorObject): Place {
  const steps = error.instancePath.split('/').slice(1);
  return steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A place as it is written in this file, such as `clauses.liability` or `items[0].item`. */
function nameOf(place: Place): Words {
  const name = place.reduce<string>(
    (text, step) => (/^\d+$/.test(String(step)) ? `${text}[${step}]` : `${text}.${step}`),
    '',
  );
  const dotted = name.replace(/^\./, '');
  return dotted === '' ? { en: 'the file', ko: '파일' } : { en: dotted, ko: dotted };
}

function wantedOf(schema: Described, otherwise: string): Words {
  const en = schema?.description ?? otherwise;
  return { en, ko: schema?.descriptionKo ?? en };
}

/** The place and the sentence of one error; values of the file are never repeated. */
function explain(kind: Kind, error: ErrorObject): { place: Place; said: Wrong } {
  const place = placeOf(error);
  const schema = error.parentSchema as Described;
  const params = error.params as Record<string, unknown>;
  const law = lawOf(kind, place);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const known = Object.keys(schema?.properties ?? {});
      const said = wrong('schema.unknown-key', key, known, nearest(key, known));
      return { place: [...place, key], said };
    }
    case 'required': {
      const key = String(params['missingProperty']);
      const wanted = wantedOf(schema?.properties?.[key], `what the schema says of "${key}"`);
      const isClause = kind === 'contract' && place[0] === 'clauses' && place.length === 1;
      const rule = isClause ? 'clause.missing' : 'schema.missing';
      const keyLaw = lawOf(kind, [...place, key]);
      return { place, said: wrong(rule, key, nameOf(place), wanted, keyLaw) };
    }
    case 'false schema':
      return { place, said: wrong('schema.push-on-pull') };
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).join(', ');
      return { place, said: wrong('schema.not-one-of', nameOf(place), allowed) };
    }
    default: {
      const wanted = wantedOf(schema, error.message ?? error.keyword);
      return { place, said: wrong('schema.value', nameOf(place), wanted, law) };
    }
  }
}

/** Each place of a file that still waits to be written; words in two languages are one place. */
function placeholders(value: unknown, place: Place = []): Place[] {
  if (isPlaceholder(value)) return [place];
  if (typeof value !== 'object' || value === null) return [];
  if (['en', 'ko'].some((key) => isPlaceholder((value as Record<string, unknown>)[key]))) {
    return [place];
  }
  return Object.entries(value).flatMap(([key, inner]) => placeholders(inner, [...place, key]));
}

/**
 * True when the file is what its schema asks for and nothing in it waits to be written; otherwise
 * every deviation is in `faults`. Alternatives (`anyOf`) are reported once, as a whole.
 */
export function fitsSchema(kind: Kind, file: YamlFile, faults: Faults): boolean {
  const validate = validatorOf(kind);
  const open = placeholders(file.value);
  for (const place of open) {
    const said = wrong('placeholder', nameOf(place), lawOf(kind, place));
    faults.add(file.path, file.lineOf(place), said);
  }
  if (validate(file.value)) return open.length === 0;
  for (const error of validate.errors ?? []) {
    if (error.keyword === 'if' || /\/anyOf\/\d+\//.test(error.schemaPath)) continue;
    // what waits to be written is told as such, not as a value of the wrong form too
    if (isPlaceholder(error.data)) continue;
    const { place, said } = explain(kind, error);
    faults.add(file.path, file.lineOf(place), said);
  }
  return false;
}
