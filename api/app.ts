/**
 * The order of the middleware on one screen: what a request passes, from the socket to its handler.
 */
import type { IncomingMessage } from 'node:http';
import express, { type Express } from 'express';
import type { JWK } from 'jose';
import { createFairTurns } from '#src/base/fair-turns.ts';
import type { Log } from '#src/base/log.ts';
import type { OpenidSettings } from '#src/base/openid-settings.ts';
import type { Gateway } from '#src/gateway.ts';
import { admit, createAwayCheck } from './admission.ts';
import { leaveBody, readBody } from './body.ts';
import { readContract } from './contract.ts';
import { createConsole } from './console.ts';
import { createDocs } from './docs.ts';
import type { Metrics } from './metrics.ts';
import { createBoard } from './notice/board.ts';
import { createNoticePages } from './notice/routes.ts';
import { createAuthorizationServer } from './oauth/authorization-server.ts';
import { createHandlers } from './operations.ts';
import {
  answer,
  asGet,
  authorise,
  nothingHere,
  observe,
  secureHeaders,
  tellProblem,
} from './steps.ts';
import type { Patience } from './streams.ts';
import { createTokenVerifier } from './token.ts';
import { knownNames } from './validation.ts';
import { createValidator } from './validator.ts';

export interface AppSettings {
  specPath: string;
  /** What was built from `console/`. */
  consoleDir: string;
  issuer: string;
  /** Who vouches for people besides their passwords here; null: nobody. */
  openid: OpenidSettings | null;
  ledgerOrigin: string;
  /** Ed25519 keys of access tokens, the one that signs at the moment first. */
  tokenKeys: () => readonly { privateJwk: JWK; publicJwk: JWK }[];
  /** How many proxies in front may be believed about the caller's address. */
  trustedProxies: number;
  /** How long whoever sends or reads a long body may stand still. */
  patience: Patience;
  /** Lets this request take longer than others may. */
  unhurried: (request: IncomingMessage) => void;
  /** Requests under way while several clients ask, and those of one that may wait for a turn. */
  requests: { atOnceMax: number; waitingMax: number };
  metrics: Metrics;
  log: Log;
}

/** A request that has waited for so long for its turn is refused; its client may be gone. */
const turnMsMax = 5_000;
/** As long as `Retry-After` says: on each connection, one refusal in so long. */
const refuseMs = 1_000;
/** Whoever asks now and then is one of several in between, too. */
const presentMs = 10_000;

/** The HTTP surface of a gateway. */
export function createApp(gateway: Gateway, settings: AppSettings): Express {
  const { issuer, log, metrics } = settings;
  const { clients, db } = gateway;
  const contract = readContract(settings.specPath);
  const board = createBoard(gateway);
  const handlers = createHandlers(gateway, { ...settings, board, spec: contract.spec });
  const signingKeys = () => settings.tokenKeys().map(({ privateJwk }) => privateJwk);
  const publicJwks = () => settings.tokenKeys().map(({ publicJwk }) => publicJwk);
  const now = Date.now;
  const { sessions } = gateway;
  const tokens = createTokenVerifier({ issuer, publicJwks, clients, sessions, now });

  const limits = { ...settings.requests, waitMsMax: turnMsMax, refuseMs, presentMs };
  const turns = createFairTurns({ now: () => performance.now() }, limits);
  const admission = { turns, refused: metrics.refused, isAway: createAwayCheck(db) };

  const app = express();
  app.disable('x-powered-by').disable('etag').set('trust proxy', settings.trustedProxies);
  app.enable('case sensitive routing');
  app.use(observe({ log, metrics }));
  app.use(secureHeaders);
  app.head(['/healthz', '/readyz'], asGet);
  // The API before whatever else there is, and each operation in one place of the router: it looks
  // at one after the other, with each request.
  const validate = createValidator(contract);
  for (const operation of contract.operations) {
    const { path, method, id } = operation;
    const takeBody =
      operation.body === 'stream' ? leaveBody(operation, settings) : readBody(operation);
    const letIn = [authorise(operation, tokens), admit(operation, admission), takeBody];
    app[method](path, letIn, validate, answer({ ...settings, handlers }, id));
  }
  const people = { ...gateway, now };
  app.use(
    createAuthorizationServer({
      db,
      clients,
      issuer,
      signingKeys,
      people,
      openid: settings.openid,
      now,
      log: oauthLog(log),
    }),
  );
  app.use('/docs', createDocs(settings));
  app.use('/console', createConsole({ folder: settings.consoleDir }));
  app.use('/notice', createNoticePages(board));
  // of what is left, nothing was found: it says so as it says it of requests that were
  app.use(validate);
  app.use(nothingHere);
  app.use(tellProblem({ log, known: knownNames(contract.spec) }));
  return app;
}

/** The authorization server's own lines in the form of ours. */
function oauthLog(log: Log) {
  type Fields = { client?: string; reason?: string; err?: unknown };
  const told = (fields: object) => {
    const { client, reason, err } = fields as Fields;
    return {
      ...(client === undefined ? {} : { client }),
      ...(reason === undefined ? {} : { code: reason }),
      ...(err === undefined ? {} : { error: err }),
    };
  };
  return {
    info: (fields: object, message: string) => log.info(message, told(fields)),
    error: (fields: object, message: string) => log.error(message, told(fields)),
  };
}
