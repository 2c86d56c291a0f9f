/** One line of an upload: read as strictly, and held to the same contract, as a request's body. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { GatewayError } from '#src/base/errors.ts';
import { ruleOfKeyword } from '#src/base/field-rule.ts';
import { parseStrictJson } from '#src/base/strict-json.ts';
import type { FieldProblem, Order } from '#src/base/words.ts';

/** The key that stands for the line, and its order; or the fault, and the key if it has one. */
export type OrderLine =
  { key: string; order: Order } | { key: string | undefined; fault: GatewayError };

/** A line as it must be: the schema `BatchLine`. */
type SoundLine = Order & { key: string };

/**
 * A reader of lines by the schema `BatchLine` of an OpenAPI document. A fault is `MALFORMED_JSON`
 * or `INVALID_REQUEST`, as the same order would get alone.
 */
export function createLineReader(spec: {
  components: Record<string, unknown>;
}): (bytes: Buffer) => OrderLine {
  // as the validator of requests is set up, but for its formats, which no line has
  const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });
  ajv.addSchema({ $id: 'openapi', components: spec.components });
  let compiled: ValidateFunction<SoundLine> | undefined;
  return (bytes) => {
    // with the first line: most gateways get none for a while, and none waits for it at its start
    const isSound = (compiled ??= ajv.compile({ $ref: 'openapi#/components/schemas/BatchLine' }));
    let value: unknown;
    try {
      value = parseStrictJson(bytes);
    } catch (error) {
      if (error instanceof GatewayError) return { key: undefined, fault: error };
      throw error;
    }
    if (!isSound(value)) {
      const problems = (isSound.errors ?? []).map(problemOf);
      return { key: keyOf(value), fault: new GatewayError('INVALID_REQUEST', { problems }) };
    }
    const { key, ...order } = value;
    return { key, order };
  };
}

/** What is echoed to the sender, who tells its lines apart by it. */
function keyOf(value: unknown): string | undefined {
  const { key } = (value ?? {}) as { key?: unknown };
  return typeof key === 'string' && /^[\x20-\x7e]{1,1024}$/.test(key) ? key : undefined;
}

/** Every name on the way to a fault is one of the schema: what it does not know stays unsaid. */
function problemOf({ keyword, instancePath, params }: ErrorObject): FieldProblem {
  const missing: unknown = params['missingProperty'];
  const pointer = typeof missing === 'string' ? `${instancePath}/${missing}` : instancePath;
  return { pointer, rule: ruleOfKeyword(keyword) ?? 'format' };
}
