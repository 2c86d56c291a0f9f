/**
 * The baseline: what a team writes in a week with the same packages. It checks the token and the
 * request, makes each order durable with one INSERT, and answers 202. It filters, encrypts and
 * records nothing, and knows no repeated request.
 *
 * Tuned as its authors would: keep-alive, a prepared statement, a pool of the size that was
 * quickest (`BASELINE_CONNECTIONS`), ids in the order of the index, no ETag, and of openapi.yaml
 * only what its one operation needs, without references, which spares the validator work.
 */
import { createPublicKey } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler } from 'express';
import * as OpenApiValidator from 'express-openapi-validator';
import { jwtVerify } from 'jose';
import type { JWK } from 'jose';
import { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { readContract } from '#api/contract.ts';
import { requestsOf } from '#api/request-spec.ts';
import { listen } from './listen.ts';

interface OrderBody {
  consignee: string;
  subject: { kind: string; id: string };
  record: Record<string, unknown>;
  reference?: string;
}

interface Locals {
  client: string;
}

const issuer = process.env['BASELINE_ISSUER'] ?? '';
const jwk = JSON.parse(process.env['BASELINE_PUBLIC_JWK'] ?? '{}') as JWK;
const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
const pool = new Pool({
  connectionString: process.env['DATABASE_URL'],
  max: Number(process.env['BASELINE_CONNECTIONS'] ?? 10),
});

const { spec } = readContract(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)));
const path = '/v1/transfers';
const { post } = spec.paths[path] as { post: unknown };
const apiSpec = requestsOf({ ...spec, paths: { [path]: { post } } }) as never;

const app = express();
app.disable('x-powered-by').disable('etag');
app.use(async (request, response, next) => {
  const [, token = ''] = /^Bearer (\S+)$/.exec(request.get('authorization') ?? '') ?? [];
  const options = { issuer, audience: issuer, algorithms: ['EdDSA'] };
  const verified = await jwtVerify(token, key, options).catch(() => null);
  const { scope } = verified?.payload ?? {};
  const scopes = typeof scope === 'string' ? scope.split(' ') : [];
  if (!verified || !scopes.includes('transfers:write')) {
    response.status(401).json({ title: 'Unauthorized' });
    return;
  }
  (response.locals as Locals).client = verified.payload.sub ?? '';
  next();
});
app.use(express.json({ limit: '1mb' }));
app.use(
  OpenApiValidator.middleware({
    ...{ apiSpec, validateApiSpec: false, validateSecurity: false },
    ...{ validateRequests: true, validateResponses: false, fileUploader: false },
  }),
);
app.post(path, async (request, response) => {
  const { consignee, subject, record, reference } = request.body as OrderBody;
  const id = uuidv7();
  await pool.query({
    name: 'insert-order',
    text: `INSERT INTO orders (id, client, consignee, subject_kind, subject_id, reference, record)
      VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    values: [
      ...[id, (response.locals as Locals).client, consignee, subject.kind, subject.id],
      ...[reference ?? null, JSON.stringify(record)],
    ],
  });
  response.status(202).location(`${path}/${id}`).json({ id, status: 'accepted', consignee });
});
const tellError: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
  response.status(error.status ?? 500).json({ title: 'the request failed' });
};
app.use(tellError);

listen(app);
