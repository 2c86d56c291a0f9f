/** The part of `oidc-provider` 9 that Waybill uses; the package ships no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  /** One request inside the provider (a Koa context with `oidc`). */
  export interface ProviderContext {
    status: number;
    body: unknown;
    set(header: string, value: string): void;
    remove(header: string): void;
    /** Not there for a path that is no route of the provider's. */
    readonly oidc?: {
      readonly route: string;
      readonly params: Readonly<Record<string, unknown>>;
      readonly client?: ProviderClient;
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
  }

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
    InvalidClientAuth: new (detail: string) => Error;
    InvalidScope: new (description: string) => Error;
    InvalidTarget: new (description: string) => Error;
  };
}
