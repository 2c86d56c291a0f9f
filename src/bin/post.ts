/** Asks a running gateway for something by POST, and tells in its own words what it refuses. */
import type { ApiClient } from './api-client.ts';

/**
 * The reply to a body of JSON.
 *
 * @throws Error `CODE: title. detail` of the problem (RFC 9457), where it is refused
 */
export async function post(api: ApiClient, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  const reply = await api.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (reply.ok) return reply;
  const problem = (await reply.json().catch(() => ({}))) as Partial<Record<string, string>>;
  const { code = `HTTP ${reply.status}`, title = 'no reason given', detail = '' } = problem;
  throw new Error(`${code}: ${title}. ${detail}`.trim());
}

/** The reply as JSON; throws as `post`. */
export async function ask<Body>(api: ApiClient, path: string, body: object): Promise<Body> {
  return (await (await post(api, path, body)).json()) as Body;
}

/** The bytes of the reply as they come; throws as `post`. */
export async function askForBytes(
  api: ApiClient,
  path: string,
  body: object,
): Promise<AsyncIterable<Uint8Array>> {
  return (await post(api, path, body)).body ?? new Blob([]).stream();
}
