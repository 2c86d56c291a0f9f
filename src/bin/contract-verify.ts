/** `waybill contract verify`: the state of signatures in plain words, and as JSON. */
import { parseArgs } from 'node:util';
import { decidesFrom, isSignedTooLate, noticeDaysMin } from '#src/agreements/force.ts';
import { loadAgreements, type Agreements } from '#src/agreements/load.ts';
import { fileFaults } from '#src/agreements/signature-words.ts';
import { readConfig, type Config } from '#src/base/config.ts';
import { StartupError } from '#src/base/errors.ts';
import { resolveReference } from '#src/base/secrets.ts';
import type { Contract, ContractSignature, Words } from '#src/base/words.ts';
import { rootDir, withSignatures, type Environment } from './settings.ts';
import { languageOf, refusals, told } from './signing-words.ts';
import { resolveStandIn } from './stand-ins.ts';

/** Contracts can be signed where the gateway's secrets are not; keys for signatures are real. */
export function readFiles(env: Environment, config: Config): Agreements {
  const where = { env, baseDir: config.consigneesDir };
  return loadAgreements(
    {
      resolveSecret: (reference, hint) =>
        hint.use === 'signingKey'
          ? resolveReference(reference, where)
          : resolveStandIn(reference, hint),
    },
    config,
  );
}

/** What the signatures of a version mean, and from when it decides. */
export function outlook(contract: Contract, signature: ContractSignature): Words[] {
  const { state, why, isDemo, noticedOn } = signature;
  if (state === 'invalid') return [told.notValid(why ?? fileFaults.malformed)];
  const missing = (['clinic', 'consignee'] as const).filter((party) => !signature[party]);
  if (missing.length > 0) return missing.map((party) => told.missing(contract.id, party));
  if (isSignedTooLate({ ...contract, signature })) return [told.tooLate(contract.validUntil ?? '')];
  const standing = {
    noticedOn: new Map(noticedOn === null ? [] : [[contract.id, noticedOn]]),
    ...{ activated: new Set<string>(), endedThrough: new Map<string, number>() },
  };
  const from = decidesFrom({ ...contract, signature }, standing);
  const when =
    from === null
      ? told.decidesAfterNotice(contract.validFrom, noticeDaysMin)
      : told.decidesFrom(from);
  return isDemo ? [when, told.demo()] : [when];
}

/**
 * Says the state of every version, or of those that are named. Exit status 0 when all of them are
 * signed by both, else 1.
 */
export async function verifyVersions(env: Environment, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean' }, lang: { type: 'string' } },
  });
  const language = languageOf(values.lang);
  const config = readConfig(env, rootDir);
  const agreements = await withSignatures(readFiles(env, config), config);
  const known = agreements.contracts.map(({ id }) => id);
  const unknown = positionals.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    throw new StartupError(unknown.map((id) => refusals.unknown(id, known)[language]));
  }
  const asked = agreements.contracts.filter(
    ({ id }) => positionals.length === 0 || positionals.includes(id),
  );
  const rows = asked.map(({ id, signature }) => ({ contract: id, ...signature }));
  const line = (one: Contract) =>
    `${one.id}: ${stateWords(one)
      .map((words) => words[language])
      .join('; ')}\n`;
  process.stdout.write(
    values.json ? `${JSON.stringify({ contracts: rows })}\n` : asked.map(line).join(''),
  );
  return rows.every(({ state }) => state === 'signed') ? 0 : 1;
}

function stateWords(contract: Contract): Words[] {
  const { signature } = contract;
  if (signature.state !== 'unsigned') return outlook(contract, signature);
  return [told.notSigned(signature.why ?? fileFaults.malformed)];
}
