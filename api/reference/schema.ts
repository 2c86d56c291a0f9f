/** A JSON Schema as a reader needs it: names, types, limits and sentences, level by level. */
import { html, inlineMarkdown, nothing, type Html } from './html.ts';
import { whole, type Schema, type Spec } from './spec.ts';

/** The type of a schema in words: `string or null`, `array of integer`. */
function typeOf(spec: Spec, schema: Schema): string {
  const types = [schema.type ?? 'object'].flat();
  return types
    .map((type) => {
      if (type !== 'array' || !schema.items) return type;
      return `array of ${typeOf(spec, whole(spec, schema.items))}`;
    })
    .join(' or ');
}

/** The limits of a schema in words. */
function limitsOf(schema: Schema): string {
  const { minLength, maxLength, minimum, maximum, maxItems } = schema;
  const limits: string[] = [];
  if (maxLength !== undefined) {
    const least = minLength === undefined ? 'at most ' : `${minLength}–`;
    limits.push(`${minLength === maxLength ? '' : least}${maxLength} characters`);
  }
  if (maximum === Number.MAX_SAFE_INTEGER) limits.push(`from ${minimum ?? 0}`);
  else if (maximum !== undefined) limits.push(`${minimum ?? 0}–${maximum}`);
  if (maxItems !== undefined) limits.push(`at most ${maxItems}`);
  return limits.map((limit) => ` · ${limit}`).join('');
}

/** Type, limits, pattern and allowed values of one value, in a line. */
export function valueLine(spec: Spec, given: Schema): Html {
  const schema = whole(spec, given);
  const pattern = schema.pattern ? html` · <code>${schema.pattern}</code>` : nothing;
  const values = (schema.enum ?? []).map((value) => html` <code>${String(value)}</code>`);
  const allowed = values.length > 0 ? html` · one of${values}` : nothing;
  return html`<span class="type"
    >${typeOf(spec, schema)}${limitsOf(schema)}${pattern}${allowed}</span
  >`;
}

function member(spec: Spec, name: string, given: Schema, isRequired: boolean): Html {
  const schema = whole(spec, given);
  return html`<li>
    <code class="name">${name}</code> ${valueLine(spec, schema)}
    ${isRequired ? html`<span class="required">required</span>` : nothing}
    <div class="about">${inlineMarkdown(schema.description)}</div>
    ${membersOf(spec, schema)}
  </li>`;
}

/** The members of an object, or of the objects in a list, with theirs below them. */
export function membersOf(spec: Spec, given: Schema): Html {
  const schema = whole(spec, given);
  if (schema.items) return membersOf(spec, schema.items);
  const entries = Object.entries(schema.properties ?? {});
  if (entries.length === 0) return nothing;
  const required = new Set(schema.required);
  const members = entries.map(([name, one]) => member(spec, name, one, required.has(name)));
  return html`<ul class="members">
    ${members}
  </ul>`;
}
