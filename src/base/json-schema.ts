/** Whether something is a JSON Schema: asked here alone, since it takes a compiled one to tell. */
import { Ajv2020 } from 'ajv/dist/2020.js';

/** It compiles the schema of schemas when it is first asked: 60 to 100 ms of CPU. */
const ajv = new Ajv2020({ logger: false });

/**
 * Throws an Error where a value is not valid JSON Schema 2020-12. Whoever compiles it afterwards
 * may leave this out.
 */
export function assertJsonSchema(schema: object): void {
  void ajv.validateSchema(schema, true);
}
