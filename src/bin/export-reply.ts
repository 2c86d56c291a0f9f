/** A reply of the gateway's API as bytes, or what it says is wrong. */

/**
 * The body as it comes.
 *
 * @throws Error with the title and the detail of the problem, where it is one (RFC 9457)
 */
export async function bytesOfReply(reply: Response): Promise<AsyncIterable<Uint8Array>> {
  if (reply.ok && reply.body) return reply.body;
  const problem = (await reply.json().catch(() => ({}))) as Record<string, unknown>;
  const { title = `HTTP ${reply.status}`, detail = '' } = problem;
  throw new Error(`${String(title)}. ${String(detail)}`.trim());
}
