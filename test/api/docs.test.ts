/** The reference is whole, correct, and needs neither a script nor another host. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDocs } from '#api/docs.ts';
import { messages } from '#api/messages.ts';
import { html } from '#api/reference/html.ts';
import type { Spec } from '#api/reference/spec.ts';
import { canonicalText } from '#src/base/canonical.ts';

const specPath = fileURLToPath(new URL('../../openapi.yaml', import.meta.url));
let server: Server;
let origin: string;

beforeAll(async () => {
  const app = express();
  app.use('/docs', createDocs({ specPath }));
  await new Promise<void>((resolve) => {
    server = app.listen(0, '127.0.0.1', () => resolve());
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

async function get(path: string) {
  const reply = await fetch(origin + path);
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

async function contract() {
  return JSON.parse((await get('/docs/openapi.json')).text) as Spec;
}

describe('the reference', () => {
  it('shows every operation with its address, its scopes and its answers', async () => {
    const { text } = await get('/docs');
    for (const [path, methods] of Object.entries((await contract()).paths)) {
      for (const { operationId, security = [], responses } of Object.values(methods)) {
        const start = text.indexOf(`id="${operationId}"`);
        const section = text.slice(start, text.indexOf('</section>', start));
        expect(section).toContain(`<code>${path}</code>`);
        for (const scope of security.flatMap(({ oauth2 = [] }) => oauth2)) {
          expect(section).toContain(`<code>${scope}</code>`);
        }
        for (const status of Object.keys(responses)) expect(section).toContain(`<b>${status}</b>`);
      }
    }
  });

  it('has no link within the site that leads nowhere', async () => {
    for (const path of ['/docs', '/docs/problems']) {
      const { text } = await get(path);
      for (const [, target = ''] of text.matchAll(/(?:href|src)="([^"]+)"/g)) {
        if (target.startsWith('https://')) continue;
        const [address, anchor] = target.split('#');
        const linked = address ? await get(address) : { status: 200, text };
        expect([target, linked.status]).toEqual([target, 200]);
        if (anchor) expect(linked.text).toContain(`id="${anchor}"`);
      }
    }
  });

  it('runs no script and may load nothing but its own style', async () => {
    for (const path of ['/docs', '/docs/', '/docs/problems']) {
      const { headers, text } = await get(path);
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'self';/,
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(text).not.toMatch(/<script|<iframe|<img|\sstyle=|\son\w+=|src="|url\(/i);
    }
    expect((await get('/docs/style.css')).text).not.toMatch(/url\(|@import/);
  });

  it('escapes what is not markup of its own', () => {
    const sly = `<script>alert("'&")</script>`;
    expect(html`<p>${sly}</p>`.html).toBe(
      '<p>&lt;script&gt;alert(&quot;&#39;&amp;&quot;)&lt;/script&gt;</p>',
    );
  });

  it('gives the contract as it stands in the repository', async () => {
    const { headers, text } = await get('/docs/openapi.yaml');
    expect(text).toBe(readFileSync(specPath, 'utf8'));
    expect(headers.get('content-type')).toBe('application/yaml; charset=utf-8');
  });

  it('explains each code in both languages where the type of a problem points', async () => {
    const { text } = await get('/docs/problems');
    for (const [code, { title }] of Object.entries(messages)) {
      expect(text).toContain(`id="${code}"`);
      expect(text).toContain(html`${title.en}`.html);
      expect(text).toContain(title.ko);
    }
    expect(text).not.toMatch(/[{[]\w*}/);
  });
});

describe('the examples', () => {
  const exampleOf = async <T>(path: string, method: string, status: string) => {
    const content = (await contract()).paths[path]?.[method]?.responses[status]?.content;
    return content?.['application/json']?.example as T;
  };
  const commit = (salt: string, payload: string) =>
    createHash('sha256').update(Buffer.from(salt, 'base64')).update(payload).digest('base64');

  it('commit to the payload that they show', async () => {
    const { payload } = await exampleOf<{ payload: string }>(
      '/v1/transfers/preview',
      'post',
      '200',
    );
    const { salt, commitment } = await exampleOf<{ salt: string; commitment: string }>(
      '/v1/transfers',
      'post',
      '202',
    );
    expect(payload).toBe(canonicalText(JSON.parse(payload)));
    expect(commit(salt, payload)).toBe(commitment);
  });

  it('prove a claimed transfer, so that a reader can try a verifier on them', async () => {
    interface Item {
      record: unknown;
      salt: string;
      proof: { leaf: string; index: number; hashes: string[]; checkpoint: string };
    }
    const [item] = (await exampleOf<{ items: Item[] }>('/v1/inbox/claim', 'post', '200')).items;
    if (!item) throw new Error('the example claims nothing');
    const { leaf, index, hashes, checkpoint } = item.proof;
    const leafBytes = Buffer.from(leaf, 'base64');
    const { commitment } = JSON.parse(leafBytes.toString('utf8')) as { commitment: string };
    expect(commit(item.salt, canonicalText(item.record))).toBe(commitment);
    // the last of three leaves: its one sibling is the tree of the first two
    const hash = (prefix: number, ...parts: Uint8Array[]) =>
      createHash('sha256')
        .update(Buffer.concat([Uint8Array.of(prefix), ...parts]))
        .digest();
    const root = hash(1, Buffer.from(hashes[0] ?? '', 'base64'), hash(0, leafBytes));
    expect(index).toBe(2);
    expect(checkpoint.split('\n').slice(1, 3)).toEqual(['3', root.toString('base64')]);
  });
});
