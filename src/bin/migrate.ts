/** `waybill migrate`: the owner's work, apart from the gateway, which may not do it. */
import { StartupError } from '#src/base/errors.ts';
import { migrate } from '#src/store/migrate.ts';
import type { Environment } from './settings.ts';

/** Migrates MIGRATION_DATABASE_URL and grants the role of DATABASE_URL what it needs. */
export async function runMigrations(env: Environment): Promise<number> {
  const ownerUrl = env['MIGRATION_DATABASE_URL'] ?? '';
  const gatewayUrl = env['DATABASE_URL'] ?? '';
  const faults = [
    ...(ownerUrl ? [] : ['MIGRATION_DATABASE_URL: not set (the role that owns the schema)']),
    ...(gatewayUrl ? [] : ['DATABASE_URL: not set (its role is granted what the gateway needs)']),
  ];
  if (faults.length > 0) throw new StartupError(faults);
  const gatewayRole = decodeURIComponent(new URL(gatewayUrl).username);
  if (gatewayRole === decodeURIComponent(new URL(ownerUrl).username)) {
    throw new StartupError(['DATABASE_URL: must not name the role that owns the schema (law 5)']);
  }
  const applied = await migrate({ ownerUrl, gatewayRole });
  const what = applied.length === 0 ? 'already up to date' : `applied ${applied.join(', ')}`;
  process.stderr.write(`waybill migrate: ${what}; granted ${gatewayRole}\n`);
  return 0;
}
