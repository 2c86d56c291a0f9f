/** The part of `oidc-provider` 9 that Waybill uses; the package ships no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  /** One request inside the provider (a Koa context with `oidc`). */
  export interface ProviderContext {
    status: number;
    body: unknown;
    readonly request: object;
    set(header: string, value: string): void;
    remove(header: string): void;
    /** Not there for a path that is no route of the provider's. */
    readonly oidc?: {
      readonly route: string;
      readonly params: Readonly<Record<string, unknown>>;
      readonly client?: ProviderClient;
      readonly account?: { accountId: string };
      readonly session?: { readonly amr?: unknown };
      readonly provider: Provider;
      entity(name: string, value: unknown): void;
    };
  }

  export interface ProviderClient {
    readonly clientId: string;
    readonly scope?: string;
  }

  /** Storage of one of the provider's models. */
  export interface Adapter {
    find(id: string): Promise<Record<string, unknown> | undefined>;
    upsert(id: string, payload: Record<string, unknown>, expiresIn: number): Promise<void>;
    destroy(id: string): Promise<void>;
    findByUid?(uid: string): Promise<Record<string, unknown> | undefined>;
    consume?(id: string): Promise<void>;
    revokeByGrantId?(grantId: string): Promise<void>;
  }

  /** What somebody may do through a client. */
  export interface Grant {
    addOIDCScope(scope: string): void;
    rejectOIDCScope(scope: string): void;
    addResourceScope(resource: string, scope: string): void;
    rejectResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  /** Somebody is being asked who they are. */
  export interface Interaction {
    readonly uid: string;
    readonly prompt: { name: string };
    readonly params: Readonly<Record<string, unknown>>;
    readonly session?: { accountId?: string };
  }

  export interface Session {
    readonly accountId?: string;
    destroy(): Promise<void>;
  }

  /** When somebody is asked. */
  export const interactionPolicy: {
    base(): { get(name: string): { requestable: boolean } | undefined };
  };

  export interface AccessToken {
    resourceServer: unknown;
    readonly expiration: number;
    readonly tokenType: string;
    save(): Promise<string>;
  }

  export class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    proxy: boolean;
    silent: boolean;
    readonly ClientCredentials: new (input: {
      client: ProviderClient;
      scope: string;
    }) => AccessToken;
    readonly ResourceServer: new (identifier: string, data: Record<string, unknown>) => unknown;
    readonly Grant: new (of: { accountId: string; clientId: string }) => Grant;
    readonly Session: { get(ctx: object): Promise<Session> };
    createContext(request: IncomingMessage, response: ServerResponse): object;
    /** Throws where the cookie that belongs to it is not there. */
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Record<string, unknown>,
      options: { mergeWithLastSubmission: boolean },
    ): Promise<void>;
    registerGrantType(
      name: string,
      handler: (ctx: ProviderContext) => Promise<void>,
      parameters: readonly string[],
    ): void;
    use(middleware: (ctx: ProviderContext, next: () => Promise<void>) => Promise<void>): this;
    on(event: string, listener: (ctx: ProviderContext, error: Error) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  }

  export const errors: {
    InvalidGrant: new (detail: string) => Error;
    InvalidClientAuth: new (detail: string) => Error;
    InvalidScope: new (description: string) => Error;
    InvalidTarget: new (description: string) => Error;
  };
}
