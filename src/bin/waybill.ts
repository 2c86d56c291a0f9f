/** The command line: one command, one file; long work tells its progress on standard error. */
import { GatewayError, StartupError } from '#src/base/errors.ts';

const usage = `usage: waybill <command>

  serve                      run the gateway (settings: environment variables, see README)
  demo [--once] [--json] [--orders N]
                             the gateway, an EMR and all 17 consignees, played through
  migrate                    bring the database of MIGRATION_DATABASE_URL to this version
  client add ID --role ROLE [--consignee ID] --jwk FILE --reason TEXT
  client rotate ID --jwk FILE --reason TEXT
                             a new key for a client, revoked or not
  client revoke ID --reason TEXT
  client list                who may call
  contract lint              check dictionary, contracts and consignees, and list every fault
  ledger verify --url URL --client-key FILE --vkey TEXT|FILE [--state FILE]
                             check a running gateway's ledger from outside
`;

type Command = (args: readonly string[]) => Promise<number>;

// Each command is loaded when it is asked for: help does not wait for the gateway's libraries.
const commands: Readonly<Record<string, Command>> = {
  serve: async () => (await import('./serve.ts')).serve(process.env),
  demo: async (args) => (await import('./demo/demo.ts')).runDemo(args),
  migrate: async () => (await import('./migrate.ts')).runMigrations(process.env),
  client: async (args) => (await import('./client.ts')).manageClients(process.env, args),
  'contract lint': async () => (await import('./lint.ts')).lintContracts(process.env),
  'ledger verify': async (args) => (await import('./verify.ts')).verifyLedger(args),
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
