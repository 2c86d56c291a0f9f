/** The parts of an OpenAPI 3.1 document that the reference shows, with its references followed. */

export interface Schema {
  $ref?: string;
  description?: string;
  type?: string | readonly string[];
  format?: string;
  enum?: readonly (string | null)[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  required?: readonly string[];
  properties?: Readonly<Record<string, Schema>>;
  additionalProperties?: boolean;
  items?: Schema;
  allOf?: readonly Schema[];
}

export interface Content {
  schema?: Schema;
  example?: unknown;
  examples?: Readonly<Record<string, { summary?: string; value: unknown }>>;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: 'path' | 'query' | 'header';
  description?: string;
  required?: boolean;
  schema: Schema;
  example?: string | number;
}

export interface Answer {
  $ref?: string;
  description: string;
  headers?: Readonly<Record<string, { $ref?: string; description?: string }>>;
  content?: Readonly<Record<string, Content>>;
}

export interface Operation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  description?: string;
  security?: readonly { oauth2?: readonly string[] }[];
  parameters?: readonly Parameter[];
  requestBody?: {
    description?: string;
    required?: boolean;
    content: Readonly<Record<string, Content>>;
  };
  responses: Readonly<Record<string, Answer>>;
}

export interface Spec {
  info: { title: string; version: string; summary?: string; description?: string };
  tags: readonly { name: string; description?: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What a node stands for: its `$ref` followed within the document, its own members on top. */
export function resolved<T extends { $ref?: string }>(spec: Spec, node: T): T {
  if (node.$ref === undefined) return node;
  const { $ref, ...own } = node;
  let target: unknown = spec;
  for (const segment of $ref.split('/').slice(1)) {
    target = (target as Record<string, unknown> | undefined)?.[segment];
  }
  if (typeof target !== 'object' || target === null) throw new Error(`${$ref} leads nowhere`);
  return { ...resolved(spec, target as T), ...own };
}

/** A schema with its references followed and the parts of an `allOf` put together. */
export function whole(spec: Spec, schema: Schema): Schema {
  const own = resolved(spec, schema);
  const parts = (own.allOf ?? []).map((part) => whole(spec, part));
  if (parts.length === 0) return own;
  return {
    ...own,
    type: 'object',
    required: parts.flatMap(({ required = [] }) => required),
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Record<
      string,
      Schema
    >,
  };
}
