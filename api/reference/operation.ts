/** One operation: what it is for, what it takes, what it answers, and a line to try it with. */
import { html, inlineMarkdown, markdown, nothing, type Html } from './html.ts';
import { membersOf, valueLine } from './schema.ts';
import { resolved, type Answer, type Content, type Operation, type Spec } from './spec.ts';

export interface Place {
  method: string;
  path: string;
  operation: Operation;
}

/** JSON as it stands on the wire, indented, its names in bold. */
function exampleBlock(example: unknown): Html {
  if (typeof example === 'string') return html`<pre>${example}</pre>`;
  const text = html`${JSON.stringify(example, null, 2)}`.html;
  const named = text.replaceAll(/^(\s*)(&quot;.*?&quot;):/gm, '$1<b>$2</b>:');
  return html`<pre>${{ html: named }}</pre>`;
}

function examplesOf({ example, examples }: Content): Html[] {
  if (example !== undefined) return [exampleBlock(example)];
  return Object.values(examples ?? {}).map(
    ({ summary, value }) =>
      html`<p class="caption">${summary ?? ''}</p>
        ${exampleBlock(value)}`,
  );
}

function scopesOf({ security = [] }: Operation): Html {
  const scopes = security.flatMap(({ oauth2 = [] }) => oauth2);
  if (scopes.length === 0) return html`<p class="scopes">No token needed.</p>`;
  const names = scopes.map((scope, index) => html`${index > 0 ? ' or ' : ''}<code>${scope}</code>`);
  return html`<p class="scopes">Scope ${names}</p>`;
}

function parametersOf(spec: Spec, { parameters = [] }: Operation): Html {
  const rows = parameters.map((given) => {
    const { name, in: place, required, schema, description, example } = resolved(spec, given);
    const sample = example === undefined ? nothing : html` <code>${String(example)}</code>`;
    return html`<li>
      <code class="name">${name}</code> <span class="place">in ${place} ·</span>
      ${valueLine(spec, schema)}
      ${required ? html`<span class="required">required</span>` : nothing}
      <div class="about">${inlineMarkdown(description)} For example${sample}</div>
    </li>`;
  });
  if (rows.length === 0) return nothing;
  return html`<h4>Parameters</h4>
    <ul class="members">
      ${rows}
    </ul>`;
}

function bodyOf(spec: Spec, { requestBody }: Operation): Html {
  if (!requestBody) return nothing;
  const kinds = Object.entries(requestBody.content).map(
    ([type, content]) =>
      html`<p class="caption">${type}</p>
        ${content.schema ? membersOf(spec, content.schema) : nothing} ${examplesOf(content)}`,
  );
  return html`<h4>Request body</h4>
    <p>${inlineMarkdown(requestBody.description)}</p>
    ${kinds}`;
}

function answerOf(spec: Spec, status: string, given: Answer): Html {
  const { description, headers = {}, content = {} } = resolved(spec, given);
  const names = Object.keys(headers).map((name) => html` <code>${name}</code>`);
  const kinds = Object.entries(content).map(([type, one]) => {
    const isProblem = type === 'application/problem+json';
    const members = isProblem || !one.schema ? nothing : membersOf(spec, one.schema);
    return html`<p class="caption">${type}</p>
      ${members} ${examplesOf(one)}`;
  });
  const isGood = status.startsWith('2');
  const [first = ''] = description.split(/(?<=[.:])\s/);
  return html`<details ${isGood ? 'open' : ''} class="${isGood ? 'good' : 'bad'}">
    <summary><b>${status}</b> ${inlineMarkdown(first)}</summary>
    ${markdown(description)}
    ${names.length > 0 ? html`<p class="caption">Headers${names}</p>` : nothing} ${kinds}
  </details>`;
}

/** A `curl` line for a shell, with the address in $WAYBILL and the token in $TOKEN. */
function curlOf(spec: Spec, { method, path, operation }: Place): Html {
  const parameters = (operation.parameters ?? []).map((one) => resolved(spec, one));
  const address = parameters
    .filter((one) => one.in === 'path')
    .reduce((text, { name, example }) => text.replace(`{${name}}`, String(example)), path);
  const query = parameters
    .filter((one) => one.in === 'query' && one.required)
    .map(({ name, example }) => `${name}=${String(example)}`);
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const named = Object.values(content?.examples ?? {})[0]?.value;
  const example = content?.example ?? named;
  const form = Object.entries((example ?? {}) as Record<string, string>);
  const lines = [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"$WAYBILL${address}` +
      `${query.length > 0 ? `?${query.join('&')}` : ''}"`,
    ...((operation.security ?? []).length > 0 ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...parameters
      .filter((one) => one.name === 'Idempotency-Key')
      .map(({ name, example }) => `-H ${quoted(`${name}: ${String(example)}`)}`),
    ...(type === 'application/json' ? [`-H 'Content-Type: ${type}'`] : []),
    ...(type === 'application/json' ? [`-d ${quoted(JSON.stringify(example))}`] : []),
    ...(type === 'application/x-ndjson'
      ? [`-N -H 'Content-Type: ${type}'`, '-T orders.ndjson']
      : []),
    ...(type === 'application/x-www-form-urlencoded'
      ? form.map(([name, value]) => `--data-urlencode ${quoted(`${name}=${value}`)}`)
      : []),
  ];
  return html`<pre class="curl">${lines.join(' \\\n  ')}</pre>`;
}

/** The section of an operation; its id is the `operationId`. */
export function operationSection(spec: Spec, place: Place): Html {
  const { method, path, operation } = place;
  const answers = Object.entries(operation.responses);
  return html`<section class="operation" id="${operation.operationId}">
    <h3>${operation.summary}</h3>
    <p class="address"><span class="method ${method}">${method}</span> <code>${path}</code></p>
    ${scopesOf(operation)} ${markdown(operation.description)} ${parametersOf(spec, operation)}
    ${bodyOf(spec, operation)} ${curlOf(spec, place)}
    <h4>Responses</h4>
    ${answers.map(([status, answer]) => answerOf(spec, status, answer))}
  </section>`;
}
