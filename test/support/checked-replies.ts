/**
 * Every JSON reply of a gateway that a test gets by `fetch` is what openapi.yaml says: a status
 * that the operation names, and a body that fits its schema.
 */
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readContract, type Operation } from '#api/contract.ts';
import { rootDir } from '#src/bin/settings.ts';

interface Told {
  $ref?: string;
  content?: Readonly<Record<string, { schema?: object }>>;
}

const { spec, operations } = readContract(join(rootDir, 'openapi.yaml'));
// That its schemas are schemas is what `npm run check` proves.
const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
addFormats.default(ajv);
ajv.addSchema({ $id: 'openapi', components: spec.components });

const routes = operations.map((operation) => ({ operation, pattern: patternOf(operation.path) }));
/** By schema, and by operation, status and media type. */
const compiled = new Map<string, ValidateFunction>();
const known = new Map<string, ValidateFunction>();

/** Express's form of a path as a pattern of paths. */
function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+';
    return part.startsWith('*') ? '.+' : part.replaceAll('.', '\\.');
  });
  return new RegExp(`^${parts.join('/')}$`);
}

/** The operation of a request: of several, the one that spells most of the path out. */
function operationAt(method: string, path: string): Operation | undefined {
  const [best] = routes
    .filter(({ operation, pattern }) => operation.method === method && pattern.test(path))
    .toSorted((one, other) => variables(one.operation.path) - variables(other.operation.path));
  return best?.operation;
}

const variables = (path: string) => path.split(/[:*]/).length;

/** A sentence where the operation has no such reply. */
function validatorOf(
  operation: Operation,
  status: number,
  type: string,
): ValidateFunction | string {
  const key = `${operation.id} ${status} ${type}`;
  const ready = known.get(key);
  if (ready !== undefined) return ready;
  const items = Object.values(spec.paths) as Record<string, { operationId: string }>[];
  const found = items.map((item) => item[operation.method]);
  const { responses } = found.find((one) => one?.operationId === operation.id) as unknown as {
    responses: Readonly<Record<string, Told>>;
  };
  const told = responses[status];
  if (!told)
    throw new Error(`${operation.id} answers ${status}, of which openapi.yaml says nothing`);
  const [name = ''] = told.$ref?.split('/').slice(-1) ?? [];
  const { content = {} } = told.$ref
    ? (spec.components as { responses: Record<string, Told> }).responses[name]!
    : told;
  const schema = content[type]?.schema;
  if (!schema) return `${operation.id} answers ${status} as ${type}: not in openapi.yaml`;
  const validate = compiledOf(schema);
  known.set(key, validate);
  return validate;
}

/** Most operations have the same few schemas; references go to the document. */
function compiledOf(schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/');
  const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text) as object);
  compiled.set(text, validate);
  return validate;
}

/** What is wrong with a reply, or null. */
async function faultOf(method: string, url: string, reply: Response): Promise<string | null> {
  const [type = ''] = (reply.headers.get('content-type') ?? '').split(';');
  if (!/^application\/(problem\+)?json$/.test(type)) return null;
  const operation = operationAt(method.toLowerCase(), new URL(url).pathname);
  if (!operation) return null;
  const validate = validatorOf(operation, reply.status, type);
  if (typeof validate === 'string') return validate;
  // A connection that breaks is for the caller to notice.
  const text = await reply
    .clone()
    .text()
    .catch(() => null);
  if (text === null || validate(JSON.parse(text))) return null;
  const faults = validate.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`);
  return `${operation.id} ${reply.status} is not as openapi.yaml says: ${faults?.join('; ')}`;
}

const found: string[] = [];
const fetchPlainly = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const reply = await fetchPlainly(input, init);
  // Only a gateway numbers its requests so.
  if (!reply.headers.has('x-request-id')) return reply;
  const { method = 'GET' } = input instanceof Request ? input : (init ?? {});
  const fault = await faultOf(method, input instanceof Request ? input.url : String(input), reply);
  if (fault !== null) found.push(fault);
  return reply;
};

/** What was wrong with the replies since it was last asked. */
export const takeFaults = (): string[] => found.splice(0);
