/**
 * `waybill ledger verify --evidence`: one transfer's file, checked offline from a trusted key.
 */
import { readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { StartupError } from '#src/base/errors.ts';
import { verifyEvidence, type EvidenceVerdict } from '#src/ledger/evidence.ts';
import { evidenceBytesMax, type EvidenceKey } from '#src/ledger/evidence-form.ts';
import { evidenceCrypto } from './evidence-crypto.ts';
import { demandOptions, readDemand } from './witness-demand.ts';

const options = {
  evidence: { type: 'string' },
  ...demandOptions,
  keys: { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** The command: exit status 0 when every step holds, 1 with what failed when not. */
export async function verifyEvidenceFile(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  const { evidence = '', keys, json } = values;
  const demand = readDemand(values);
  const verdict = await verifyEvidence(evidenceCrypto, {
    ...{ ...demand, text: readText('evidence', evidence) },
    keys: keys === undefined ? [] : readKeys(keys),
  });
  process.stdout.write(json ? asJson(verdict) : asText(verdict));
  return verdict.verified ? 0 : 1;
}

function asText({ checks, verified, evidence }: EvidenceVerdict): string {
  const lines = checks.map(({ step, ok, says }) => `${ok ? 'ok   ' : 'WRONG'} ${step}: ${says}`);
  const of = evidence === null ? 'this file' : `transfer ${evidence.transfer}`;
  return `${[...lines, `${verified ? 'verified' : 'NOT VERIFIED'}: ${of}`].join('\n')}\n`;
}

function asJson({ checks, verified, evidence }: EvidenceVerdict): string {
  const { transfer = null, summary = null } = evidence ?? {};
  return `${JSON.stringify({ verified, transfer, checks, summary })}\n`;
}

function readText(option: string, file: string): string {
  try {
    if (statSync(file).size > evidenceBytesMax) throw new StartupError([`--${option}: too large`]);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError([`--${option}: ${file} is not there, or is not text`]);
  }
}

/** A JWK set, or one JWK: public keys that the file lacks, from whoever has kept them. */
function readKeys(file: string): EvidenceKey[] {
  try {
    const value = JSON.parse(readText('keys', file)) as { keys?: EvidenceKey[] } & EvidenceKey;
    return (value.keys ?? [value]).map(({ kty, crv, x, y }) => ({
      ...{ kty, crv, x },
      ...(y === undefined ? {} : { y }),
    }));
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError([`--keys: ${file} holds no JWK`]);
  }
}
