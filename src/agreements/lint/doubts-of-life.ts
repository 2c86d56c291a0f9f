/** Doubts about where a version stands: signed, noticed, explained, ending, with its paper. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { daysAfter } from '#src/base/seoul.ts';
import { noticeDaysMin } from '../force.ts';
import { shippedDigests } from '../shipped.ts';
import { at, doubt, type Finding, type Version } from './finding.ts';

/** Days before its end on which a version without a successor is worth a word. */
const endNearDays = 30;
const documentBytesMax = 256 * 1024 * 1024;
const dayMs = 86_400_000;

function signatureDoubts(version: Version, hasKeys: boolean): Finding[] {
  const { signature, digest } = version.contract;
  const where = at(version, []);
  const why = signature.why ?? { en: 'nobody has signed it', ko: '아무도 서명하지 않았습니다' };
  if (signature.state === 'signed') return [];
  // without the keys nothing can be said of the signatures, which is told of the keys
  if (signature.state === 'invalid' && !hasKeys) return [];
  if (signature.state === 'invalid') return [doubt(where, 'signature.invalid', why)];
  const isSample = shippedDigests.has(digest.toString('hex'));
  if (isSample) return [doubt(where, 'signature.trial-only')];
  return [doubt(where, 'signature.missing', why)];
}

function noticeDoubts(version: Version, today: string): Finding[] {
  const { validFrom, signature } = version.contract;
  const { noticedOn } = signature;
  const isUpcoming = validFrom > today;
  if (noticedOn === null && !isUpcoming) return [];
  const where = at(version, ['validFrom']);
  const earliest = daysAfter(noticedOn ?? today, noticeDaysMin);
  if (earliest > validFrom) return [doubt(where, 'notice.late', validFrom, earliest)];
  if (noticedOn !== null) return [];
  return [doubt(where, 'notice.missing', validFrom, daysAfter(validFrom, -noticeDaysMin))];
}

function endDoubts(version: Version, input: { today: string; isLast: boolean }): Finding[] {
  const { validUntil } = version.contract;
  if (validUntil === null || !input.isLast) return [];
  const where = at(version, ['validUntil']);
  if (validUntil < input.today) return [doubt(where, 'valid-until.past', validUntil)];
  const days = Math.round((Date.parse(validUntil) - Date.parse(input.today)) / dayMs);
  return days > endNearDays ? [] : [doubt(where, 'valid-until.near', validUntil, days)];
}

/** SHA-256 of the paper in hexadecimal digits; undefined where there is no such file. */
function digestOf(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > documentBytesMax) return undefined;
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}

function documentDoubts(version: Version): Finding[] {
  const { file, sha256 } = version.contract.text['document'] as { file: string; sha256: string };
  const where = at(version, ['document']);
  const found = digestOf(join(dirname(version.file.path), file));
  if (found === sha256) return [];
  if (found !== undefined) return [doubt(where, 'document.differs')];
  const ofName = createHash('sha256').update(file).digest('hex');
  return [doubt(where, sha256 === ofName ? 'document.placeholder' : 'document.absent')];
}

/**
 * Everything that is doubtful about where a version stands.
 *
 * @param input.today Seoul calendar date
 * @param input.isLast no later version follows it
 * @param input.hasKeys every key that its signatures are checked with is there
 */
export function doubtsOfLife(
  version: Version,
  input: { today: string; isLast: boolean; hasKeys: boolean },
): Finding[] {
  const { contract } = version;
  const isUnexplained = contract.version > 1 && contract.reason === null;
  return [
    ...signatureDoubts(version, input.hasKeys),
    ...noticeDoubts(version, input.today),
    ...(isUnexplained ? [doubt(at(version, ['version']), 'reason.missing')] : []),
    ...endDoubts(version, input),
    ...documentDoubts(version),
  ];
}
