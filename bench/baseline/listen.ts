/** Listens on a free port of loopback, and says so on standard output. */
import type { Express } from 'express';
import type { AddressInfo } from 'node:net';

export function listen(app: Express): void {
  const server = app.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    process.stdout.write(`${JSON.stringify({ msg: 'ready', url })}\n`);
  });
  server.keepAliveTimeout = 60_000;
}
