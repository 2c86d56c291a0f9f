/** `waybill contract lint`: the checks of start-up without starting, for editors and CI. */
import { contractWarnings } from '#src/agreements/notice.ts';
import { loadAgreements } from '#src/agreements/load.ts';
import { readConfig } from '#src/base/config.ts';
import { rootDir, type Environment } from './settings.ts';

/** Lists every fault (exit status 1, by `StartupError`) or every warning (exit status 0). */
export function lintContracts(env: Environment): Promise<number> {
  const config = readConfig(env, rootDir);
  // Whether a secret is there is a matter of the machine, not of the contract.
  const resolveSecret = (_reference: string, { use }: { use: string }) =>
    ({ ok: true, value: stands[use] ?? '' }) as const;
  const agreements = loadAgreements({ resolveSecret }, config);
  for (const contract of agreements.contracts) {
    for (const { code, item } of contractWarnings(contract)) {
      process.stdout.write(`warning: ${contract.id}: ${item}: ${code}\n`);
    }
  }
  const { contracts, consignees } = agreements;
  process.stdout.write(`${consignees.size} consignees, ${contracts.length} contracts, no fault\n`);
  return Promise.resolve(0);
}

/** Well-formed stand-ins for what the files only name. */
const stands: Readonly<Record<string, string>> = {
  webhookSecret: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  bearerToken: 'stand-in',
  encryptionKey: JSON.stringify({
    kty: 'OKP',
    crv: 'X25519',
    x: Buffer.alloc(32, 9).toString('base64url'),
    kid: 'stand-in',
    use: 'enc',
  }),
};
