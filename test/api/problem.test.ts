/** A caller learns what to do, in its language, and never reads back what it or anyone sent. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type Response } from 'express';
import { middleware as openApiValidator } from 'express-openapi-validator';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fillIn, messages } from '#api/messages.ts';
import { ruleSentences } from '#api/rule-sentences.ts';
import { pickLanguage, statusOf, toProblem } from '#api/problem.ts';
import { knownNames, requestFault } from '#api/validation.ts';
import { ALL_SCOPES } from '#src/access/roles.ts';
import { GatewayError, type ErrorCode } from '#src/base/errors.ts';
import type { FieldRule } from '#src/base/words.ts';

const specPath = new URL('../../openapi.yaml', import.meta.url);
const spec = parse(readFileSync(specPath, 'utf8')) as {
  paths: Record<string, Record<string, unknown>>;
  components: {
    schemas: Record<string, { enum?: string[] }>;
    securitySchemes: {
      oauth2: { flows: { clientCredentials: { scopes: Record<string, string> } } };
    };
  };
};
const codes = Object.keys(messages) as ErrorCode[];
const rules = Object.keys(ruleSentences) as FieldRule[];

describe('the catalogue of sentences', () => {
  it('has the codes and rules that the contract declares, and no others', () => {
    expect(codes.toSorted()).toEqual(spec.components.schemas['ErrorCode']?.enum?.toSorted());
    expect(rules.toSorted()).toEqual(spec.components.schemas['FieldRule']?.enum?.toSorted());
  });

  it('speaks real Korean and real English for each of them', () => {
    const texts = [
      ...codes.flatMap((code) => [messages[code].title, messages[code].detail]),
      ...rules.map((rule) => ruleSentences[rule]),
    ];
    for (const { en, ko } of texts) {
      expect(en).toMatch(/^[A-Za-z]/);
      expect(en).not.toMatch(/[\uac00-\ud7a3]/);
      expect(ko).toMatch(/[\uac00-\ud7a3]/);
    }
  });

  it('leaves out a part whose facts are not there, so that no brace reaches a caller', () => {
    for (const code of codes) {
      for (const language of ['en', 'ko'] as const) {
        const { detail } = toProblem(new GatewayError(code), language).body;
        expect(detail).not.toMatch(/[{}[\]]/);
      }
    }
    expect(fillIn('Add it[ ({items})] now.', { items: 'name, age' })).toBe(
      'Add it (name, age) now.',
    );
    expect(fillIn('Add it[ ({items})] now.', { items: '' })).toBe('Add it now.');
    expect(fillIn('Add it[ ({constructor})] now.')).toBe('Add it now.');
  });
});

describe('the contract', () => {
  it('shows problems exactly as the gateway sends them', () => {
    const shown: Record<string, unknown>[] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      const { type } = node as { type?: unknown };
      if (typeof type === 'string' && type.startsWith('/docs/problems#')) {
        shown.push(node as Record<string, unknown>);
      } else Object.values(node).forEach(walk);
    };
    walk(spec);
    expect(shown.length).toBeGreaterThan(12);
    for (const problem of shown) {
      const {
        code,
        errors = [],
        retryAfter,
      } = problem as {
        code: ErrorCode;
        errors?: { pointer: string; rule: FieldRule }[];
        retryAfter?: number;
      };
      const error = new GatewayError(code, {
        problems: errors.map(({ pointer, rule }) => ({ pointer, rule })),
        ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
      });
      expect(problem).toEqual(toProblem(error, 'en').body);
    }
  });

  it('describes the scopes that its operations ask for, and asks for none that cannot be held', () => {
    const { scopes } = spec.components.securitySchemes.oauth2.flows.clientCredentials;
    const asked = Object.values(spec.paths)
      .flatMap((item) => Object.values(item) as { security?: { oauth2: string[] }[] }[])
      .flatMap(({ security = [] }) => security.flatMap(({ oauth2 }) => oauth2));
    expect([...new Set(asked)].toSorted()).toEqual(Object.keys(scopes).toSorted());
    expect(ALL_SCOPES).toEqual(expect.arrayContaining(asked));
  });
});

describe('a problem', () => {
  it('carries code, status, type and the sentence in the language asked for', () => {
    const error = new GatewayError('REQUIRED_ITEM_MISSING', {
      problems: [{ pointer: '/record/birthDate', rule: 'required' }],
      facts: { items: 'birthDate' },
    });
    expect(toProblem(error, 'ko')).toMatchObject({
      status: 422,
      headers: {
        'content-type': 'application/problem+json; charset=utf-8',
        'content-language': 'ko',
      },
      body: {
        type: '/docs/problems#REQUIRED_ITEM_MISSING',
        status: 422,
        code: 'REQUIRED_ITEM_MISSING',
        detail: 'errors에 나열된 항목(birthDate)을 채워 다시 보내십시오.',
        errors: [
          { pointer: '/record/birthDate', rule: 'required', detail: '필수 항목이 없습니다.' },
        ],
      },
    });
  });

  it('says nothing of an unexpected error, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), (secret) => {
        const plain = toProblem(undefined, 'en');
        const cause = new Error(secret);
        for (const thrown of [cause, secret, { message: secret, status: 404, code: secret }]) {
          expect(toProblem(thrown, 'en')).toEqual(plain);
        }
        expect(toProblem(new GatewayError('INTERNAL', { cause }), 'en')).toEqual(plain);
      }),
    );
    expect(toProblem(new Error('x'), 'en')).toMatchObject({
      status: 500,
      body: { code: 'INTERNAL' },
    });
  });

  it('shows only the facts that its sentence asks for', () => {
    const error = new GatewayError('NOT_FOUND', { facts: { items: 'name', id: '0012345' } });
    expect(toProblem(error, 'en')).toEqual(toProblem(new GatewayError('NOT_FOUND'), 'en'));
  });

  it('tells when to come back while the gateway cannot keep its promises', () => {
    expect(toProblem(new GatewayError('LEDGER_STALLED'), 'en')).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { retryAfter: 5 },
    });
    const soon = new GatewayError('REQUEST_IN_PROGRESS', { retryAfterSeconds: 0.2 });
    expect(toProblem(soon, 'en')).toMatchObject({ status: 409, headers: { 'retry-after': '1' } });
    expect(toProblem(new GatewayError('NOT_FOUND'), 'en').headers).not.toHaveProperty(
      'retry-after',
    );
  });

  it('challenges as RFC 6750 says', () => {
    const challenge = (error: GatewayError) => toProblem(error, 'en').headers['www-authenticate'];
    expect(challenge(new GatewayError('UNAUTHENTICATED', { facts: { reason: 'EXPIRED' } }))).toBe(
      'Bearer realm="waybill", error="invalid_token"',
    );
    expect(challenge(new GatewayError('UNAUTHENTICATED', { facts: { reason: 'MISSING' } }))).toBe(
      'Bearer realm="waybill"',
    );
    expect(
      challenge(new GatewayError('INSUFFICIENT_SCOPE', { facts: { scope: 'audit:read' } })),
    ).toBe('Bearer realm="waybill", error="insufficient_scope", scope="audit:read"');
  });

  it('has a client or server error status for every code', () => {
    for (const code of codes) expect(statusOf(code)).toBeGreaterThanOrEqual(400);
    expect(statusOf('PAYLOAD_PURGED')).toBe(410);
    expect(statusOf('IDEMPOTENCY_KEY_REUSED')).toBe(422);
  });
});

describe('the language', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['ko', 'ko'],
    ['ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7', 'ko'],
    ['en-GB, ko;q=0.9', 'en'],
    ['en;q=0.5, KO-kr;q=0.6', 'ko'],
    ['fr, ko;q=0.1', 'ko'],
    ['ko;q=0, *', 'en'],
    ['ko, en', 'ko'],
    ['en, ko', 'en'],
    ['*', 'en'],
    ['ja', 'en'],
    ['ko;q=nonsense', 'en'],
  ])('of %j is %s', (header, language) => {
    expect(pickLanguage(header)).toBe(language);
  });

  it('is English for a header of unreasonable length', () => {
    expect(pickLanguage('ko,'.repeat(1000))).toBe('en');
  });

  it('is one of the two for any header', () => {
    fc.assert(fc.property(fc.string(), (header) => /^(en|ko)$/.test(pickLanguage(header))));
  });
});

describe('what the validator finds wrong', () => {
  const known = knownNames(spec);
  const id = '019b8be1-9a40-7c52-9d0a-3f2b8e1d4a60';
  let server: Server;
  let origin: string;

  beforeAll(async () => {
    const app = express();
    app.use(express.json({ limit: 10_000 }));
    app.use(
      openApiValidator({
        apiSpec: specPath.pathname,
        validateApiSpec: false,
        validateSecurity: false,
        validateRequests: { allowUnknownQueryParameters: false },
      }),
    );
    app.use((_req: Request, res: Response) => {
      res.status(204).end();
    });
    app.use((error: unknown, req: Request, res: Response, _next: NextFunction) => {
      const { status, headers, body } = toProblem(
        requestFault(error, known) ?? error,
        pickLanguage(req.headers['accept-language']),
      );
      res.status(status).set(headers).json(body);
    });
    await new Promise<void>((resolve) => {
      server = app.listen(0, '127.0.0.1', () => resolve());
    });
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

  async function send(method: string, path: string, body?: unknown, type = 'application/json') {
    const reply = await fetch(origin + path, {
      method,
      ...(body === undefined
        ? {}
        : {
            headers: { 'content-type': type },
            body: typeof body === 'string' ? body : JSON.stringify(body),
          }),
    });
    const text = await reply.text();
    return {
      status: reply.status,
      headers: reply.headers,
      text,
      body: (text === '' ? {} : JSON.parse(text)) as ReturnType<typeof toProblem>['body'],
    };
  }

  const order = { consignee: 'samkwang', subject: { kind: 'patient', id: '1' }, record: {} };

  it.each([
    [{ ...order, subject: undefined }, '/subject', 'required'],
    [{ ...order, consignee: '홍길동' }, '/consignee', 'format'],
    [{ ...order, consignee: 7 }, '/consignee', 'type'],
    [{ ...order, record: [] }, '/record', 'type'],
    [{ ...order, subject: { kind: '홍길동', id: '1' } }, '/subject/kind', 'range'],
    [{ ...order, subject: { kind: 'patient', id: '' } }, '/subject/id', 'length'],
    [{ ...order, subject: { ...order.subject, 홍길동: '900101-1234567' } }, '/subject', 'unknown'],
    [{ ...order, '900101-1234567': '홍길동' }, '', 'unknown'],
    ['[]', '', 'type'],
  ])('in %j is told by place and rule', async (body, pointer, rule) => {
    const reply = await send('POST', '/v1/transfers', body);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer, rule }] });
    expect(reply.text).not.toMatch(/홍길동|900101/);
  });

  it.each([
    ['limit=0', '/query/limit', 'range'],
    ['limit=홍길동', '/query/limit', 'type'],
    ['limit=1&limit=2', '/query/limit', 'type'],
    ['limit=', '/query/limit', 'format'],
    ['cursor=a:b', '/query/cursor', 'format'],
    ['홍길동=900101-1234567', '/query', 'unknown'],
    ['홍길동[limit]=1', '/query', 'unknown'],
  ])('in the query %s is told by place and rule', async (query, pointer, rule) => {
    const reply = await send('GET', `/v1/transfers?${query}`);
    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: 'INVALID_REQUEST', errors: [{ pointer, rule }] });
    expect(decodeURIComponent(reply.text)).not.toMatch(/홍길동|900101/);
  });

  it('is nothing where a well-formed request comes', async () => {
    expect((await send('POST', '/v1/transfers', order)).status).toBe(204);
    expect((await send('POST', `/v1/transfers/${id}/cancel`)).status).toBe(204);
    const period = 'from=2026-01-01T00:00:00Z&to=2026-02-01T00%3A00%3A00%2B09%3A00';
    expect((await send('GET', `/v1/audit/transfers?${period}`)).status).toBe(204);
  });

  it('is NOT_FOUND for an address or an id that names nothing', async () => {
    for (const path of ['/v1/nothing', '/v1/transfers/홍길동', '/v1/consignees/900101.1234567']) {
      const reply = await send('GET', path);
      expect(reply).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      expect(decodeURIComponent(reply.text)).not.toMatch(/홍길동|900101/);
    }
  });

  it('is a 400 without a place for an address that cannot be decoded', async () => {
    const reply = await send('GET', '/v1/transfers/%E0%A4%A');
    expect(reply).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    expect(reply.body).not.toHaveProperty('errors');
  });

  it('names the methods that an address takes', async () => {
    const reply = await send('DELETE', '/v1/transfers');
    expect(reply).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(reply.headers.get('allow')).toBe('GET, POST');
  });

  it('is told apart for a foreign or an oversized body', async () => {
    const foreign = await send('POST', '/v1/transfers', '<홍길동/>', 'application/xml');
    expect(foreign).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    const large = await send('POST', '/v1/transfers', { ...order, reference: 'x'.repeat(20_000) });
    expect(large).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
  });

  it('never lets a name through that the contract does not know', () => {
    const path = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom('body', 'query', 'headers'), path, (root, names) => {
        const errors = [
          { path: `/${root}/${names.join('/')}`, errorCode: 'type.openapi.validation' },
        ];
        const error = Object.assign(new Error('echo'), { status: 400, errors });
        const pointers = requestFault(error, known)?.problems.map(({ pointer }) => pointer) ?? [];
        const segments = pointers.flatMap((pointer) => pointer.split('/').slice(1));
        return segments.every((name) => known.has(name) || ['query', 'header'].includes(name));
      }),
    );
  });

  it('leaves our own errors and real faults alone', () => {
    expect(requestFault(new GatewayError('NOT_FOUND'), known)).toBeUndefined();
    expect(requestFault(new Error('a bug'), known)).toBeUndefined();
    expect(requestFault(Object.assign(new Error('x'), { status: 500 }), known)).toBeUndefined();
    expect(requestFault('thrown', known)).toBeUndefined();
  });
});
