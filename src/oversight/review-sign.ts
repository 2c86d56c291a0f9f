/** A reviewer signs what they were shown, what they found and what they did about it: once. */
import { compactVerify, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { onlyMembers, readCompactJws } from '#src/access/jws.ts';
import { canonicalBytes, canonicalText, sha256 } from '#src/base/canonical.ts';
import { GatewayError } from '#src/base/errors.ts';
import type { Actor } from '#src/base/words.ts';
import type { EntryMaker } from '#src/ledger/entry.ts';
import { actorDetail } from '#src/ledger/kinds.ts';
import { submit } from '#src/ledger/submit.ts';
import {
  listReviews,
  openReview,
  reviewAad,
  type OpenedReview,
  type ReviewDeps,
  type ReviewStanding,
  type SealedReview,
} from './review.ts';

export interface SignDeps extends ReviewDeps {
  makeEntry: EntryMaker;
  clients: { find(id: string): Promise<{ keys: readonly JWK[] } | undefined> };
  assertOpen: () => void;
  onSubmitted: () => void;
}

/** What a reviewer sends. */
export interface Signing {
  period: string;
  /** SHA-256 of what was shown, base64. */
  summary: string;
  findings: string;
  measures: string;
  /** Compact JWS by the client's key; none from a person who signed in. */
  signature?: string | undefined;
}

const headerMembers = ['alg', 'kid', 'typ'];
/** Says what is signed, so that a signature for something else never counts (RFC 8725 3.11). */
export const reviewType = 'waybill-review+jws';

const digest = (text: string) => sha256(Buffer.from(text, 'utf8')).toString('base64');

/**
 * What is signed: the RFC 8785 bytes of period, summary, number of anomalies, and the SHA-256
 * (base64) of the findings and of the measures.
 */
export function reviewClaims(said: Omit<Signing, 'signature'>, anomalies: number): Buffer {
  const { period, summary, findings, measures } = said;
  const texts = { findings: digest(findings), measures: digest(measures) };
  return canonicalBytes({ period, summary, anomalies, ...texts });
}

/** The thumbprint of the key among `keys` that signed exactly `claims`; `INVALID_SIGNATURE`. */
async function signerOf(keys: readonly JWK[], jws: string, claims: Buffer): Promise<string> {
  const header = readCompactJws(jws)?.header;
  const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url');
  const isOver =
    header && onlyMembers(header, headerMembers) && header['typ'] === reviewType
      ? payload.equals(claims)
      : false;
  for (const key of isOver ? keys : []) {
    try {
      if (key.alg === undefined) continue;
      await compactVerify(jws, await importJWK(key, key.alg), { algorithms: [key.alg] });
      return await calculateJwkThumbprint(key);
    } catch {
      continue;
    }
  }
  throw new GatewayError('INVALID_SIGNATURE');
}

/** The review as it may be signed, or why it may not. */
async function signable(deps: SignDeps, said: Signing): Promise<OpenedReview> {
  const review = await openReview(deps, said.period);
  if (review.standing.state === 'signed') throw new GatewayError('ALREADY_REVIEWED');
  if (review.summary === null) throw new GatewayError('PERIOD_OPEN');
  const isSame = review.summary.toString('base64') === said.summary;
  if (!isSame) throw new GatewayError('REVIEW_CHANGED');
  return review;
}

/**
 * Signs a period that has ended; the entry and the review are one commit.
 * @param request.actor a machine client signs by its registered key; of a person the session says
 *   who it is, and the entry names their account
 * @throws GatewayError `NOT_FOUND`, `PERIOD_OPEN`, `ALREADY_REVIEWED`, `REVIEW_CHANGED` (what the
 *   reviewer saw is not what is there), `INVALID_SIGNATURE`
 */
export async function signReview(
  deps: SignDeps,
  { actor, said }: { actor: Actor; said: Signing },
): Promise<ReviewStanding> {
  deps.assertOpen();
  const { shown, standing } = await signable(deps, said);
  const { period, summary, findings, measures, signature } = said;
  const anomalies = shown.anomalies.length;
  const isPerson = actor.person !== undefined;
  if (isPerson && signature !== undefined) throw new GatewayError('INVALID_SIGNATURE');
  const keys = isPerson ? [] : ((await deps.clients.find(actor.client))?.keys ?? []);
  const signed = isPerson
    ? undefined
    : {
        signer: await signerOf(keys, signature ?? '', reviewClaims(said, anomalies)),
        jws: signature ?? '',
      };
  const sealed: SealedReview = { shown, findings, measures };
  const at = deps.clock.now();
  await deps.db.transaction(async (tx) => {
    const { rowCount } = await tx.query(
      `INSERT INTO reviews (period, from_on, to_on, signed_at, client, person, signer, jws, summary,
         anomalies, sealed)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
      [
        ...[period, standing.from, standing.to, at, actor.client, actor.person ?? null],
        ...[signed?.signer ?? null, signed?.jws ?? null, Buffer.from(summary, 'base64'), anomalies],
        deps.sealer.seal(Buffer.from(canonicalText(sealed), 'utf8'), reviewAad(period)),
      ],
    );
    if (rowCount !== 1) throw new GatewayError('ALREADY_REVIEWED');
    const detail = { period, summary, anomalies, findings, measures, ...signed };
    const entry = deps.makeEntry({
      ...{ kind: 'review-signed', at },
      detail: { ...actorDetail(actor), ...detail },
    });
    await submit(tx, [{ entry }]);
  });
  deps.onSubmitted();
  const all = await listReviews(deps);
  return all.find((one) => one.period === period) ?? standing;
}
