/** The reference: the whole contract on one page, without a script and without another host. */
import { html, inlineMarkdown, markdown, page, type Html } from './html.ts';
import { operationSection, type Place } from './operation.ts';
import { membersOf } from './schema.ts';
import type { Schema, Spec } from './spec.ts';

function placesOf(spec: Spec): Place[] {
  return Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

function navigation(spec: Spec, places: readonly Place[]): Html {
  const groups = spec.tags.map(({ name }) => {
    const links = places
      .filter(({ operation }) => operation.tags.includes(name))
      .map(
        ({ method, operation }) =>
          html`<li>
            <a href="#${operation.operationId}"
              ><span class="method ${method}">${method}</span> ${operation.summary}</a
            >
          </li>`,
      );
    return html`<h2><a href="#audience-${name}">${name}</a></h2>
      <ul>
        ${links}
      </ul>`;
  });
  return html`<nav>
    <p class="title"><a href="#top">${spec.info.title}</a> ${spec.info.version}</p>
    <p>
      <a href="/docs/openapi.yaml">openapi.yaml</a> ·
      <a href="/docs/openapi.json">openapi.json</a> · <a href="/docs/problems">Problems</a>
    </p>
    ${groups}
    <h2><a href="#scopes">Scopes</a></h2>
    <h2><a href="#problem">The problem document</a></h2>
  </nav>`;
}

function scopesSection(spec: Spec): Html {
  const { oauth2 } = spec.components['securitySchemes'] as {
    oauth2: { flows: { clientCredentials: { scopes: Record<string, string> } } };
  };
  const rows = Object.entries(oauth2.flows.clientCredentials.scopes).map(
    ([scope, about]) =>
      html`<li>
        <code class="name">${scope}</code>
        <div class="about">${about}</div>
      </li>`,
  );
  return html`<section id="scopes">
    <h2>Scopes</h2>
    <ul class="members">
      ${rows}
    </ul>
  </section>`;
}

/** The reference page of a contract, as a document. */
export function referencePage(spec: Spec): string {
  const places = placesOf(spec);
  const audiences = spec.tags.map(({ name, description }) => {
    const own = places.filter(({ operation }) => operation.tags[0] === name);
    return html`<section id="audience-${name}">
      <h2>${name}</h2>
      ${markdown(description)} ${own.map((place) => operationSection(spec, place))}
    </section>`;
  });
  const problem = spec.components['schemas']?.['Problem'] as Schema;
  const body = html`${navigation(spec, places)}
    <main id="top">
      <h1>${spec.info.title}</h1>
      <p class="lead">${inlineMarkdown(spec.info.summary)}</p>
      ${markdown(spec.info.description)} ${audiences} ${scopesSection(spec)}
      <section id="problem">
        <h2>The problem document</h2>
        <p>
          Every error is <code>application/problem+json</code>.
          <a href="/docs/problems">Every code in English and Korean</a>
        </p>
        ${membersOf(spec, problem)}
      </section>
    </main>`;
  return page(`${spec.info.title}: API reference`, body);
}
