/** The command line: one command, one file; long work tells its progress on standard error. */
import { GatewayError, StartupError } from '#src/base/errors.ts';
import { manageClients } from './client.ts';
import { lintContracts } from './lint.ts';
import { runMigrations } from './migrate.ts';
import { serve } from './serve.ts';
import { verifyLedger } from './verify.ts';

const usage = `usage: waybill <command>

  serve                      run the gateway (settings: environment variables, see README)
  demo [--once] [--json] [--orders N]
                             the gateway, an EMR and all 17 consignees, played through
  migrate                    bring the database of MIGRATION_DATABASE_URL to this version
  client add ID --role ROLE [--consignee ID] --jwk FILE --reason TEXT
  client revoke ID --reason TEXT
  client list                who may call
  contract lint              check dictionary, contracts and consignees, and list every fault
  ledger verify --url URL --client-key FILE --vkey TEXT|FILE [--state FILE]
                             check a running gateway's ledger from outside
`;

type Command = (args: readonly string[]) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  serve: () => serve(process.env),
  demo: async (args) => (await import('./demo/demo.ts')).runDemo(args),
  migrate: () => runMigrations(process.env),
  client: (args) => manageClients(process.env, args),
  'contract lint': () => lintContracts(process.env),
  'ledger verify': (args) => verifyLedger(args),
};

async function main(argv: readonly string[]): Promise<number> {
  const [first = '', second = ''] = argv;
  const two = commands[`${first} ${second}`];
  if (two) return two(argv.slice(2));
  const one = commands[first];
  if (one) return one(argv.slice(1));
  const asked = ['', 'help', '--help', '-h'].includes(first);
  (asked ? process.stdout : process.stderr).write(usage);
  return asked ? 0 : 2;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const cause = error instanceof GatewayError && error.cause instanceof Error ? error.cause : null;
  const why = cause ? `: ${cause.message}` : '';
  process.stderr.write(error instanceof StartupError ? `${text}\n` : `waybill: ${text}${why}\n`);
  process.exitCode = 1;
}
