/** A TCP proxy that passes bytes on, and badly where it is told to: a network with faults. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { pause } from './pace.ts';

/**
 * How a line behaves. `freeze`: half open, nothing more gets through and nobody is told; what was
 * frozen stays so. `reset` and `truncate`: after so many more bytes, by RST, or by the end of a
 * reply that is not whole. `refuse`: cut at once, and nobody gets in.
 */
export type Line =
  | { kind: 'pass' }
  | { kind: 'refuse' }
  | { kind: 'delay'; ms: number }
  | { kind: 'freeze' }
  | { kind: 'reset'; afterBytes: number }
  | { kind: 'truncate'; afterBytes: number };

export interface FaultProxy {
  port: number;
  /** How connections behave from now on, those that are open and those that come. */
  behave(line: Line): void;
  close(): Promise<void>;
}

interface Connection {
  near: Socket;
  far: Socket;
  isFrozen: boolean;
  /** Bytes that still get through before the line breaks. */
  left: number;
}

/** @param target the port on loopback that a new connection is for; null: there is nobody */
export async function startProxy(target: () => number | null): Promise<FaultProxy> {
  let line: Line = { kind: 'pass' };
  const open = new Set<Connection>();

  function cut({ near, far }: Connection): void {
    near.resetAndDestroy();
    far.resetAndDestroy();
  }

  function pass(connection: Connection, from: Socket, to: Socket): void {
    const isReply = from === connection.far;
    let before = Promise.resolve();
    const write = (bytes: Buffer) => {
      if (!to.destroyed && !to.write(bytes)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    };
    from.on('data', (bytes: Buffer) => {
      if (connection.isFrozen) return;
      if (line.kind === 'reset' || (line.kind === 'truncate' && isReply)) {
        if (connection.left < bytes.length) {
          if (line.kind === 'reset') return cut(connection);
          connection.near.end(bytes.subarray(0, connection.left));
          connection.far.destroy();
          return;
        }
        connection.left -= bytes.length;
      }
      if (line.kind !== 'delay') return void (before = before.then(() => write(bytes)));
      const { ms } = line;
      before = before.then(() => pause(ms)).then(() => write(bytes));
    });
    // What ends at one side ends at the other, unless the line between them is dead.
    const end = () => {
      if (!connection.isFrozen) void before.then(() => to.end());
      else if (connection.near.destroyed && connection.far.destroyed) open.delete(connection);
    };
    from.on('end', end);
    from.on('error', () => undefined);
    from.on('close', (hadError) => {
      if (hadError && !connection.isFrozen) to.resetAndDestroy();
      else end();
      if (connection.near.destroyed && connection.far.destroyed) open.delete(connection);
    });
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    const port = target();
    if (line.kind === 'refuse' || port === null) {
      near.on('error', () => undefined);
      near.resetAndDestroy();
      return;
    }
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const connection = { near, far, isFrozen: line.kind === 'freeze', left: bytesOf(line) };
    open.add(connection);
    for (const socket of [near, far]) socket.setNoDelay(true);
    pass(connection, near, far);
    pass(connection, far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    behave(next) {
      line = next;
      for (const connection of open) {
        if (line.kind === 'refuse') cut(connection);
        if (line.kind === 'freeze') connection.isFrozen = true;
        connection.left = bytesOf(line);
        // Of a dead line one side has given up: the other one's system gives up in time, too.
        const { near, far, isFrozen } = connection;
        if (line.kind === 'pass' && isFrozen && (near.destroyed || far.destroyed)) cut(connection);
      }
    },
    async close() {
      for (const connection of open) cut(connection);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const bytesOf = (line: Line) => ('afterBytes' in line ? line.afterBytes : 0);
