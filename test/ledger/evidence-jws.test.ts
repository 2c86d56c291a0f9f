/** What people signed is checked without a library, by either algorithm; nothing else passes. */
import { CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { signContract, thumbprint } from '#src/agreements/signature-file.ts';
import { evidenceCrypto } from '#src/bin/evidence-crypto.ts';
import type { ContractSignatures, EvidenceKey } from '#src/ledger/evidence-form.ts';
import { plainCanonical, toBase64url } from '#src/ledger/evidence-form.ts';
import { verifyContractSignatures, verifyReceipt } from '#src/ledger/evidence-jws.ts';

const text = plainCanonical({ contract: { consignee: 'lab', version: 1 }, dictionary: {} });
const contract = { id: 'lab.v1', canonical: Buffer.from(text) };

async function keyOf(alg: 'EdDSA' | 'ES256'): Promise<JWK> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return exportJWK(pair.privateKey);
}

function bare({ kty = '', crv = '', x = '', y }: JWK): EvidenceKey {
  return { kty, crv, x, ...(y === undefined ? {} : { y }) };
}

async function signedBy(clinic: JWK, consignee: JWK): Promise<ContractSignatures> {
  const now = () => Date.parse('2026-01-05T00:00:00Z');
  const signatures = [
    await signContract({ now }, { contract, party: 'clinic', key: clinic }),
    await signContract({ now }, { contract, party: 'consignee', key: consignee }),
  ];
  return { payload: toBase64url(Buffer.from(text)), signatures };
}

describe('a contract', () => {
  test('signed with Ed25519 and with P-256 is known to be, by the thumbprints', async () => {
    const [clinic, lab] = [await keyOf('EdDSA'), await keyOf('ES256')];
    const signatures = await signedBy(clinic, lab);
    const keys = [bare(lab), bare(clinic)];
    const found = await verifyContractSignatures(
      evidenceCrypto,
      { id: 'lab.v1', text, signatures },
      keys,
    );
    const kids = [await thumbprint(clinic), await thumbprint(lab)];
    expect(found.map(({ party }) => party)).toEqual(['clinic', 'consignee']);
    expect(found.map(({ kid }) => kid)).toEqual(kids);
  });

  test.each(['EdDSA', 'ES256'] as const)('is not, by %s, over other words', async (alg) => {
    const [clinic, lab] = [await keyOf(alg), await keyOf(alg)];
    const signatures = await signedBy(clinic, lab);
    const keys = [bare(lab), bare(clinic)];
    const others = text.replace('"version":1', '"version":2');
    const forged = { ...signatures, payload: toBase64url(Buffer.from(others)) };
    const check = (claim: { id: string; text: string; signatures: ContractSignatures }) =>
      verifyContractSignatures(evidenceCrypto, claim, keys);
    await expect(check({ id: 'lab.v1', text: others, signatures })).rejects.toThrow('another text');
    await expect(check({ id: 'lab.v1', text: others, signatures: forged })).rejects.toThrow(
      'does not hold',
    );
    await expect(check({ id: 'lab.v2', text, signatures })).rejects.toThrow('this contract');
    const without = verifyContractSignatures(
      evidenceCrypto,
      { id: 'lab.v1', text, signatures },
      keys.slice(1),
    );
    await expect(without).rejects.toThrow('is not here');
  });
});

describe('a receipt', () => {
  const claims = { transfer: 'a', commitment: 'b', at: '2026-01-05T00:00:00Z' };

  async function receipt(key: JWK, alg: string): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg })
      .sign(await importJWK(key, alg));
  }

  test.each(['EdDSA', 'ES256'] as const)('states what it states, by %s', async (alg) => {
    const [key, other] = [await keyOf(alg), await keyOf(alg)];
    const jws = await receipt(key, alg);
    const signer = await thumbprint(key);
    const check = (given: string, keys: EvidenceKey[]) =>
      verifyReceipt(evidenceCrypto, { jws: given, signer }, keys);
    expect(await check(jws, [bare(other), bare(key)])).toEqual(claims);
    await expect(check(jws, [bare(other)])).rejects.toThrow('is not here');
    const payload = Buffer.from(JSON.stringify({ ...claims, transfer: 'c' })).toString('base64url');
    const [head = '', , signature = ''] = jws.split('.');
    await expect(check(`${head}.${payload}.${signature}`, [bare(key)])).rejects.toThrow(
      'does not hold',
    );
    await expect(check(`${jws}.`, [bare(key)])).rejects.toThrow('does not hold');
  });

  test('by a key of one algorithm does not hold by the name of the other', async () => {
    const key = await keyOf('ES256');
    const [, payload, signature] = (await receipt(key, 'ES256')).split('.');
    const head = Buffer.from('{"alg":"EdDSA"}').toString('base64url');
    const signer = await thumbprint(key);
    const jws = [head, payload, signature].join('.');
    const check = verifyReceipt(evidenceCrypto, { jws, signer }, [bare(key)]);
    await expect(check).rejects.toThrow('does not hold');
  });
});
