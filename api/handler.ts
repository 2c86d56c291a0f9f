/**
 * What a handler gets and gives, typed from openapi.yaml:
 * a reply of another shape does not compile.
 */
import type { Readable } from 'node:stream';
import type { operations } from './openapi.d.ts';
import type { Language } from './problem.ts';
import type { Caller } from './token.ts';

export type OperationId = keyof operations;

/** Operations of the authorization server, which answers them itself. */
type OAuthOperationId = 'issueToken' | 'getTokenKeys' | 'getServerMetadata';

/** What others answer, when we ask them. */
type WebhookId = 'receiveEvent';

export type HandledOperationId = Exclude<OperationId, OAuthOperationId | WebhookId>;

type Json<Content> = Content extends { 'application/json': infer Body }
  ? Body
  : Content extends { 'text/plain': infer Text }
    ? Text
    : never;

type BodyOf<Op> = Op extends { requestBody: { content: infer Content } }
  ? Json<Content>
  : Op extends { requestBody?: { content: infer Content } }
    ? Json<Content> | undefined
    : undefined;

type ReplyBody<Content> = Content extends { 'application/problem+json': unknown }
  ? never
  : [Json<Content>] extends [never]
    ? Pieces
    : Json<Content>;

type ReplyOf<Op> = Op extends { responses: infer Replies }
  ? {
      [Status in keyof Replies]: Replies[Status] extends { content: infer Content }
        ? [ReplyBody<Content>] extends [never]
          ? never
          : { status: Status; body: ReplyBody<Content>; headers?: Record<string, string> }
        : never;
    }[keyof Replies]
  : never;

type ParametersOf<Op, In extends 'path' | 'query'> = Op extends { parameters: infer All }
  ? In extends keyof All
    ? NonNullable<All[In]>
    : Record<never, never>
  : Record<never, never>;

/** A reply that is sent piece by piece, each asked for when the one before it is on its way. */
export type Pieces = AsyncGenerator<string | Uint8Array, void, undefined>;

/** A request that was authenticated and validated. */
export interface ApiRequest<Id extends OperationId> {
  path: ParametersOf<operations[Id], 'path'>;
  query: ParametersOf<operations[Id], 'query'>;
  body: BodyOf<operations[Id]>;
  /** The bytes of the body as they came. */
  bytes: Buffer;
  /** The body of an operation that takes no JSON, which nobody has read; at its end for others. */
  stream: Readable;
  /** The media type of the stream, as the operation names it. */
  mediaType: string;
  /** How many bytes the request says that its body has; null where it does not say. */
  announcedBytes: number | null;
  /** The lines of the header `Idempotency-Key`, as they came. */
  idempotencyKey: readonly string[];
  /** Who calls; `anonymous` for operations that are open to everybody. */
  caller: Caller;
  /** The network address of the caller. */
  source: string;
  /** Aborted when the caller has left, or has its reply. */
  gone: AbortSignal;
  /** Gives back the client's turn: whoever calls this only waits from now on. */
  rest: () => void;
  /** The language that the caller would rather read. */
  language: Language;
}

export type Handler<Id extends OperationId> = (
  request: ApiRequest<Id>,
) => Promise<ReplyOf<operations[Id]>> | ReplyOf<operations[Id]>;

/** Every operation has its handler: a missing one does not compile. */
export type Handlers = { [Id in HandledOperationId]: Handler<Id> };
