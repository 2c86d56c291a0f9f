/** A gateway's ledger as it is served, out of files: as large as a test wants it just then. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerKeyFromSeed } from '#src/ledger/note.ts';
import { writeLedgerFolder } from './ledger-folder.ts';
import { ledgerLives, type OpenEntry } from './ledger-lives.ts';

export const siteKey = ledgerKeyFromSeed('ledger.test/site', Buffer.alloc(32, 5));

export interface LedgerSite {
  url: string;
  /** Shows the first `size` entries that grow from a seed. */
  show(ledger: { seed: number; size: number }): void;
  /** The files that were asked for since the last call. */
  asked(): string[];
  /**
   * Called with each path before it is answered; what it waits for, the answer waits for. Where it
   * rejects, the connection ends without one.
   */
  onRequest: (path: string) => Promise<void> | void;
  /** Files that it serves in place of its own, by their paths below `/v1/ledger/`. */
  lies: Map<string, Buffer>;
  /** Indexes of entries whose details are destroyed. */
  erased: Set<number>;
  close(): Promise<void>;
}

const prefix = '/v1/ledger/';

export async function openLedgerSite(): Promise<LedgerSite> {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-site-'));
  let paths: string[] = [];
  let shown = { dir: '', entries: [] as OpenEntry[] };

  const answer = (response: ServerResponse, path: string, query: URLSearchParams): void => {
    if (path === '/oauth2/token') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: 'a token', expires_in: 300 }));
      return;
    }
    if (path === `${prefix}entries`) {
      const [start, limit] = [Number(query.get('start')), Number(query.get('limit'))];
      const items = shown.entries.slice(start, start + limit).map((entry, at) => {
        return itemOf(entry, start + at, site.erased.has(start + at));
      });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ items }));
      return;
    }
    const name = path.slice(prefix.length);
    const file = join(shown.dir, name);
    const bytes = site.lies.get(name) ?? (existsSync(file) ? readFileSync(file) : undefined);
    response.statusCode = bytes ? 200 : 404;
    response.end(bytes);
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://site.invalid');
    paths.push(pathname);
    void Promise.resolve(site.onRequest(pathname)).then(
      () => answer(response, pathname, searchParams),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const site: LedgerSite = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    show({ seed, size }) {
      const dir = join(folder, `${seed}-${size}`);
      const lives = ledgerLives(seed);
      const entries = Array.from({ length: size }, () => lives.next().value);
      if (!existsSync(dir)) writeLedgerFolder(dir, entries.values(), { size, key: siteKey });
      shown = { dir, entries };
    },
    asked() {
      const seen = paths;
      paths = [];
      return seen;
    },
    onRequest: () => undefined,
    lies: new Map(),
    erased: new Set(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return site;
}

function itemOf({ leaf, salt, content }: OpenEntry, index: number, isErased: boolean): object {
  const detail = { salt: salt.toString('base64'), content: content.toString('base64') };
  const known = isErased ? { detail: null, erased: true } : { detail };
  return { index, leaf: leaf.toString('base64'), ...known };
}
