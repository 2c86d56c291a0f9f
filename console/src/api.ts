/** The gateway's public API, typed by openapi.yaml: the console is one more client of it. */
import createClient, { type Middleware } from 'openapi-fetch';
import type { components, paths } from '../../api/openapi.d.ts';
import { bearer, distrust } from './session.ts';

export type Schemas = components['schemas'];

const withToken: Middleware = {
  async onRequest({ request }) {
    request.headers.set('authorization', `Bearer ${await bearer()}`);
    // Problems are told in the language of the page, not in that of the browser.
    request.headers.set('accept-language', document.documentElement.lang);
    return request;
  },
  onResponse({ response }) {
    if (response.status !== 401) return;
    distrust();
    // Finds out whether one has to sign in again, and says so.
    void bearer().catch(() => undefined);
  },
};

export const api = createClient<paths>({ baseUrl: location.origin });
api.use(withToken);

type Told = Partial<Pick<Schemas['Problem'], 'code' | 'title' | 'detail' | 'errors'>>;

/** What the gateway answered instead: a problem (RFC 9457), whose sentences are for people. */
export class Refusal extends Error {
  readonly code: string;
  readonly detail: string;
  /** What is wrong, place by place. */
  readonly places: readonly string[];

  constructor(problem: Told | undefined) {
    super(problem?.title ?? 'The gateway did not answer');
    this.code = problem?.code ?? 'UNREACHABLE';
    this.detail = problem?.detail ?? '';
    this.places = [...new Set(problem?.errors?.map(({ detail }) => detail) ?? [])];
  }
}

/** True where the gateway answered, and said no. */
export const isRefused = (error: Error): error is Refusal =>
  error instanceof Refusal && error.code !== 'UNREACHABLE';

interface Reply<Data> {
  data?: Data;
  error?: unknown;
}

/** The data of a reply; throws `Refusal`. */
export async function told<Data>(reply: Promise<Reply<Data>>): Promise<Data> {
  const { data, error } = await reply;
  if (data === undefined) throw new Refusal(error as ConstructorParameters<typeof Refusal>[0]);
  return data;
}
