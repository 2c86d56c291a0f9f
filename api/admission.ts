/**
 * Lets requests in, by turns of their clients: after the token, before one byte of the body is
 * read, so that refusing costs next to nothing and nothing of what is refused was kept.
 */
import type { RequestHandler } from 'express';
import type { FairTurns } from '#src/base/fair-turns.ts';
import { within } from '#src/base/within.ts';
import { unavailable } from '#src/store/outage.ts';
import type { Queryable } from '#src/store/pool.ts';
import type { Operation } from './contract.ts';
import type { Caller } from './token.ts';

interface Locals {
  caller?: Caller;
  rest?: () => void;
}

/**
 * A request holds its turn until its reply is sent, or its handler says that it only waits from now
 * on (`rest`). One that brings or takes a stream holds none: streams have limits of their own.
 * Where it waited in vain because the database does not answer, it is told that.
 * @param deps.refused told whose request was refused
 * @param deps.isAway whether the database does not answer
 */
export function admit(
  operation: Operation,
  deps: { turns: FairTurns; refused: (client: string) => void; isAway: () => Promise<boolean> },
): RequestHandler {
  return (_request, response, next) => {
    const locals = response.locals as Locals;
    const { caller } = locals;
    if (caller === undefined) return next();
    // left while the token was looked at: there is nobody to answer, and no end to wait for
    if (response.closed) return;
    const { client, person = '' } = caller;
    const leave = deps.turns.take(`${client} ${person}`, {
      go(rest) {
        locals.rest = rest;
        if (operation.body === 'stream') rest();
        next();
      },
      refuse(error) {
        void deps.isAway().then((away) => {
          if (away) return next(unavailable(error));
          deps.refused(client);
          next(error);
        });
      },
    });
    response.once('close', leave);
  };
}

/** A database that works answers this at once. */
const answerMsMax = 2_000;

/** Asks the database whether it answers: once for all who want to know at the same time. */
export function createAwayCheck(db: Queryable): () => Promise<boolean> {
  let looking: Promise<boolean> | undefined;
  return () => {
    looking ??= within(answerMsMax, db.query('SELECT 1'))
      .then((answers) => !answers)
      .finally(() => (looking = undefined));
    return looking;
  };
}
