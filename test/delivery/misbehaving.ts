/** Consignees that misbehave on loopback, each in one way, and say what reached them. */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';

export interface Misbehaving {
  port: number;
  /** Connections taken since it started. */
  connections(): number;
  /** Connections that are open now. */
  open(): number;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<Misbehaving> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Speaks HTTP as the listener says. */
export function httpConsignee(listener: RequestListener): Promise<Misbehaving> {
  return listening(createHttpServer(listener));
}

/** Speaks HTTP by TLS as the listener says. */
export function httpsConsignee(
  tls: ServerOptions,
  listener: RequestListener,
): Promise<Misbehaving> {
  return listening(createHttpsServer(tls, listener));
}

/** Takes bytes and answers bytes: what is not HTTP. */
export function tcpConsignee(onBytes: (socket: Socket) => void): Promise<Misbehaving> {
  return listening(createTcpServer((socket) => socket.once('data', () => onBytes(socket))));
}

/** Answers 200 by TLS under a certificate that nobody vouches for. */
export function selfSignedConsignee(): Promise<Misbehaving> {
  const listener: RequestListener = (_request, response) => response.writeHead(200).end();
  return httpsConsignee({ key: selfSigned.key, cert: selfSigned.cert }, listener);
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = await tcpConsignee(() => undefined);
  await server.close();
  return server.port;
}

/** Made for these tests and trusted by nobody; valid for a hundred years. */
const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvUY1c58ZGkYfVlGo
YtAmjjP3Ys47iEIrKuqO8oDrYTOhRANCAARFmaJzO/N1Q7yw5yYHxwBh1xq/4kn3
NuGcceKEMr+McS5tLozmSZaD66mlJGNGjBQDO2DWD+8Ca+IZEpw7fPSj
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUW1RhSwtsnDY/189piOKBpBFebxMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAxMjYyNloYDzIxMjYxMDMw
MDEyNjI2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARFmaJzO/N1Q7yw5yYHxwBh1xq/4kn3NuGcceKEMr+McS5tLozmSZaD
66mlJGNGjBQDO2DWD+8Ca+IZEpw7fPSjo28wbTAdBgNVHQ4EFgQUBzH9jbPjMez9
nGK68EE1+7z/sA4wHwYDVR0jBBgwFoAUBzH9jbPjMez9nGK68EE1+7z/sA4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAKKLtnD1uw02GXL6jsGpLbiuHdrgUyUegiBEJnN6NC7bAiEA
8PIsLwnM3/RPHa8Gq77+eV/BuDgcxO+6hc86YZe5CqY=
-----END CERTIFICATE-----
`,
};
