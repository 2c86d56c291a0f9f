/** From a keyword of JSON Schema to the rule that a caller is told: the one table for both. */
import type { FieldRule } from './words.ts';

const rules: ReadonlyMap<string, FieldRule> = new Map([
  ['required', 'required'],
  ['type', 'type'],
  ['format', 'format'],
  ['pattern', 'format'],
  ['minLength', 'length'],
  ['maxLength', 'length'],
  ['minItems', 'length'],
  ['maxItems', 'length'],
  ['minProperties', 'length'],
  ['maxProperties', 'length'],
  ['minimum', 'range'],
  ['maximum', 'range'],
  ['exclusiveMinimum', 'range'],
  ['exclusiveMaximum', 'range'],
  ['multipleOf', 'range'],
  ['enum', 'range'],
  ['const', 'range'],
  ['additionalProperties', 'unknown'],
  ['unevaluatedProperties', 'unknown'],
]);

/** The rule of a keyword; undefined for one that has none of its own. */
export function ruleOfKeyword(keyword: string): FieldRule | undefined {
  return rules.get(keyword);
}
