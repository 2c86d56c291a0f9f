/** How a receiver is pushed to: where, signed with what, under which credentials. */
import type { KeyObject } from 'node:crypto';

/**
 * What a push is signed with, by Standard Webhooks: shared secrets as raw bytes, the newest first,
 * or an Ed25519 private key.
 */
export type WebhookSigning =
  { scheme: 'hmac'; secrets: readonly Buffer[] } | { scheme: 'ed25519'; key: KeyObject };

/** What the receiver wants in `Authorization`. */
export type PushCredentials =
  | { kind: 'bearer'; token: string }
  | { kind: 'basic'; username: string; password: string }
  | ({ kind: 'oauth2' } & ClientCredentials);

/** OAuth 2.0 client credentials (RFC 6749 section 4.4). */
export interface ClientCredentials {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scope?: string;
  audience?: string;
}

/** In PEM: our certificate with its key, and who vouches for the receiver instead of the public. */
export interface PushTls {
  certificate?: string;
  key?: string;
  ca?: string;
}

/** Where a push goes and how it proves itself; secrets are resolved from their names at start. */
export interface PushSettings {
  url: string;
  signing: WebhookSigning;
  credentials?: PushCredentials;
  tls?: PushTls;
  /** In CIDR notation: what may be connected to although it is not public. */
  allowedNetworks?: readonly string[];
}
