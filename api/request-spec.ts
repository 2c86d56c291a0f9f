/** What openapi.yaml says of requests, and nothing else of it. */
import type { ApiContract } from './contract.ts';

interface Item {
  parameters?: unknown;
  get?: SpecOperation;
  post?: SpecOperation;
}

interface SpecOperation {
  operationId: string;
  parameters?: unknown;
  requestBody?: { required?: boolean; content: Record<string, { schema?: unknown }> };
}

interface RequestsOperation {
  operationId: string;
  parameters: readonly { in: string; name: string }[];
}

/** A document without references. */
export interface RequestsDocument {
  openapi: string;
  info: unknown;
  paths: Record<
    string,
    {
      parameters: RequestsOperation['parameters'];
      get?: RequestsOperation;
      post?: RequestsOperation;
    }
  >;
  components: object;
}

/**
 * The document for a validator of requests. It reads the whole of it again for the first request to
 * each operation, while everyone waits: 65 ms of CPU with the replies, the examples and the
 * components in it, 13 ms without. So every schema stands where it is used; one that held itself
 * would have no end.
 */
export function requestsOf(spec: ApiContract['spec']): RequestsDocument {
  const known = new Map<string, unknown>();
  const inline = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(inline);
    if (typeof node !== 'object' || node === null) return node;
    const { $ref: ref } = node as { $ref?: unknown };
    if (typeof ref === 'string') return resolve(ref);
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inline(value)]));
  };
  const resolve = (ref: string): unknown => {
    if (!known.has(ref)) known.set(ref, inline(componentOf(spec, ref)));
    return known.get(ref);
  };
  const operationOf = ({ operationId, parameters = [], requestBody }: SpecOperation) => ({
    ...{ operationId, parameters: inline(parameters), responses: {} },
    ...(requestBody && { requestBody: bodyOf(requestBody, inline) }),
  });
  const paths = Object.entries(spec.paths as Record<string, Item>).map(
    ([path, { parameters = [], get, post }]) => [
      path,
      {
        parameters: inline(parameters),
        ...(get && { get: operationOf(get) }),
        ...(post && { post: operationOf(post) }),
      },
    ],
  );
  const { openapi, info } = spec;
  return {
    openapi,
    info,
    paths: Object.fromEntries(paths) as RequestsDocument['paths'],
    components: {},
  };
}

function bodyOf(
  { required = false, content }: NonNullable<SpecOperation['requestBody']>,
  inline: (node: unknown) => unknown,
) {
  const types = Object.entries(content).map(([type, { schema }]) => [
    type,
    schema === undefined ? {} : { schema: inline(schema) },
  ]);
  return { required, content: Object.fromEntries(types) as unknown };
}

/** What `#/components/<kind>/<name>` names; the document is linted, so that it is there. */
function componentOf({ components }: ApiContract['spec'], ref: string): unknown {
  const [kind = '', name = ''] = ref.split('/').slice(2);
  return (components as Record<string, Record<string, unknown> | undefined>)[kind]?.[name];
}
