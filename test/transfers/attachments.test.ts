/** Files with results: taken in piece by piece, given out whole or not at all, then destroyed. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropUnused } from '#src/transfers/attached.ts';
import {
  attachmentBytesMax,
  pieceBytes,
  unusedBytesMax,
  unusedFilesMax,
} from '#src/transfers/attachments.ts';
import { tokenFor } from '#test/support/client.ts';
import { startConsigneeServer, type ConsigneeServer } from '#test/support/consignee-server.ts';
import { makeWorld, startGateway, type TestGateway, type World } from '#test/support/gateway.ts';
import { posted } from '#test/support/orders.ts';
import { answered, asOwner, order, reached, trailWith } from '#test/support/transfers.ts';
import { until } from '#test/support/wait.ts';

let world: World;
let gateway: TestGateway;
let lab: ConsigneeServer;
/** Of samkwang, whose contract lets a report come back; of korea-post, whose contract does not. */
let transfer: string;
let parcel: string;

beforeAll(async () => {
  lab = await startConsigneeServer();
  const pushUrls = { samkwang: lab.url, eone: lab.url, 'korea-post': lab.url };
  world = await makeWorld({ pushUrls });
  gateway = await startGateway(world);
  [transfer, parcel] = await Promise.all([arrived('samkwang'), arrived('korea-post')]);
});

afterAll(async () => {
  await gateway?.stop();
  await world?.close();
  await lab?.close();
});

async function arrived(consignee = 'samkwang'): Promise<string> {
  const id = await order(gateway, consignee);
  await reached(gateway, id, 'delivered');
  return id;
}

const pdf = (bytes: number) => Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(bytes - 9)]);
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');

interface File {
  id: string;
  mediaType: string;
  bytes: number;
  sha256: string;
}

async function upload(
  body: Uint8Array<ArrayBuffer> | ReadableStream,
  { to = transfer, as = 'samkwang', type = 'application/pdf' } = {},
): Promise<Response> {
  const client = await gateway.as(as);
  const init = { method: 'POST', headers: { 'content-type': type }, body, duplex: 'half' };
  return client.fetch(`/v1/attachments?transfer=${to}`, init as RequestInit);
}
const uploaded = async (...told: Parameters<typeof upload>) => {
  const reply = await upload(...told);
  expect(reply.status).toBe(201);
  return (await reply.json()) as File;
};

let keys = 0;
const testResult = { reportedOn: '2026-03-03', status: 'preliminary', values: [{ value: 'a' }] };
async function give(attachments: string[], to = transfer, as = 'samkwang') {
  keys += 1;
  const result = { testResult: { ...testResult, values: [{ value: String(keys) }] } };
  const client = await gateway.as(as);
  const body = { transfer: to, result, attachments };
  return client.fetch('/v1/results', posted(body, `file-${keys}`));
}

/** A result with a file of this content, as soon as the EMR can see it. */
async function given(content: Uint8Array<ArrayBuffer>) {
  const to = await arrived();
  const file = await uploaded(content, { to });
  const { id } = (await (await give([file.id], to)).json()) as { id: string };
  const emr = await gateway.as('emr');
  await until('the result', async () => (await emr.fetch(`/v1/results/${id}`)).ok);
  const path = `/v1/results/${id}/attachments/${file.id}`;
  return { to, file, result: id, path, emr };
}

async function pieces(): Promise<number> {
  const { rows } = await world.db.query<{ n: number }>(
    'SELECT count(*)::integer AS n FROM attachment_pieces',
  );
  return rows[0]?.n ?? -1;
}

describe('a file', () => {
  test('is stored while it comes, and not in memory', async () => {
    const content = pdf(3 * pieceBytes + 100);
    const before = await pieces();
    let send!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (send = controller),
    });
    const reply = upload(body);
    send.enqueue(content.subarray(0, 2 * pieceBytes + 10));
    await until('two pieces', async () => (await pieces()) === before + 2);
    send.enqueue(content.subarray(2 * pieceBytes + 10));
    send.close();
    const file = (await (await reply).json()) as File;
    expect(file).toMatchObject({ bytes: content.length, sha256: digestOf(content) });
    expect(await pieces()).toBe(before + 4);
    const { rows } = await world.db.query<{ sealed: Buffer }>(
      'SELECT sealed FROM attachment_pieces WHERE attachment = $1',
      [file.id],
    );
    for (const { sealed } of rows) expect(sealed.includes('%PDF-')).toBe(false);
  });

  test.each([9, pieceBytes - 1, pieceBytes, pieceBytes + 1, 2 * pieceBytes])(
    'of %i bytes comes out as it went in',
    async (bytes) => {
      const content = pdf(bytes);
      const { file, path, emr } = await given(content);
      const reply = await emr.fetch(path);
      expect(Buffer.from(await reply.arrayBuffer()).equals(content)).toBe(true);
      expect(Object.fromEntries(reply.headers)).toMatchObject({
        'content-type': 'application/pdf',
        'content-length': String(bytes),
        'content-disposition': `attachment; filename="${file.id}.pdf"`,
        'repr-digest': `sha-256=:${digestOf(content)}:`,
      });
    },
  );

  test('must be of the kind that it is said to be, and of none but three', async () => {
    const before = await pieces();
    const wrong = { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' };
    expect(await answered(upload(pdf(100), { type: 'image/png' }))).toEqual(wrong);
    expect(await answered(upload(pdf(100), { type: 'text/html' }))).toEqual(wrong);
    expect(await answered(upload(Buffer.from('<html>'), {}))).toEqual(wrong);
    const nothing = await answered(upload(new Uint8Array(0)));
    expect(nothing).toEqual({ status: 400, code: 'INVALID_REQUEST' });
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2]);
    expect(await uploaded(jpeg, { type: 'image/jpeg' })).toMatchObject({ mediaType: 'image/jpeg' });
    expect(await pieces()).toBe(before + 1);
  });

  test('that is too large, or breaks off, leaves nothing', async () => {
    const before = await pieces();
    const large = await answered(upload(pdf(attachmentBytesMax + 1)));
    expect(large).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(await pieces()).toBe(before);
    let send!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (send = controller),
    });
    const reply = upload(body).catch(() => 'broken');
    send.enqueue(pdf(pieceBytes + 10));
    await until('a piece', async () => (await pieces()) === before + 1);
    send.error(new Error('gone'));
    expect(await reply).toBe('broken');
    await until('it to be gone', async () => (await pieces()) === before);
  });

  test('is for a transfer of its own that was handed out, and whose contract wants it', async () => {
    const missing = { status: 404, code: 'NOT_FOUND' };
    expect(await answered(upload(pdf(100), { as: 'eone' }))).toEqual(missing);
    const unusable = { status: 422, code: 'ATTACHMENT_UNUSABLE' };
    expect(await answered(upload(pdf(100), { to: parcel, as: 'korea-post' }))).toEqual(unusable);
  });

  test('comes two at a time from one consignee', async () => {
    const open = () => {
      let send!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => void (send = controller),
      });
      return { reply: upload(body), send };
    };
    const before = await pieces();
    const two = [open(), open()];
    for (const { send } of two) send.enqueue(pdf(pieceBytes + 1));
    await until('both', async () => (await pieces()) === before + 2);
    const third = await answered(upload(pdf(100)));
    expect(third).toEqual({ status: 429, code: 'TOO_MANY_UPLOADS' });
    for (const { send } of two) send.close();
    expect(await Promise.all(two.map(async ({ reply }) => (await reply).status))).toEqual([
      201, 201,
    ]);
  });
});

describe('files without a result', () => {
  const full = { status: 429, code: 'TOO_MANY_UPLOADS' };
  /** So many more; without a length they are not whole. */
  const waiting = (count: number, of: { to: string; bytes: number | null; as?: string }) =>
    asOwner(
      world,
      `INSERT INTO attachments (id, consignee, transfer, media_type, bytes, sha256)
       SELECT gen_random_uuid(), $1, $2, 'image/png', $3::bigint,
         CASE WHEN $3::bigint IS NOT NULL THEN sha256('') END FROM generate_series(1, $4)`,
      [of.as ?? 'samkwang', of.to, of.bytes, count],
    );
  const forget = (to: string) =>
    asOwner(world, 'DELETE FROM attachments WHERE transfer = $1', [to]);

  test('are so many of one transfer; with a result there is room again', async () => {
    const to = await arrived();
    await waiting(unusedFilesMax - 2, { to, bytes: 1 });
    await waiting(1, { to, bytes: null });
    const { id } = await uploaded(pdf(100), { to });
    const refused = await upload(pdf(100), { to });
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await answered(Promise.resolve(refused))).toEqual(full);
    expect((await upload(pdf(100))).status).toBe(201);
    expect((await give([id], to)).status).toBe(201);
    await uploaded(pdf(100), { to });
    await forget(to);
  });

  test('are so many bytes of one consignee, what is not whole as large as it may be', async () => {
    const to = await arrived();
    const halves = Math.floor(unusedBytesMax / attachmentBytesMax);
    await waiting(halves, { to, bytes: null });
    // of a transfer of its own, and after one that says how short it is
    const unsaid = (as: string, other: string) => {
      const body = new Blob([pdf(1000)]).stream();
      return answered(upload(body, { to: other, as }));
    };
    expect((await upload(pdf(1000))).status).toBe(201);
    expect(await unsaid('samkwang', transfer)).toEqual(full);
    expect(await unsaid('eone', await arrived('eone'))).toEqual({ status: 201 });
    await forget(to);
    expect(await unsaid('samkwang', transfer)).toEqual({ status: 201 });
  });

  test('are not begun by what says that it is too large', async () => {
    const { port } = new URL(gateway.url);
    const issuer = gateway.url;
    const privateJwk = world.keys.get('samkwang') ?? {};
    const token = await tokenFor({ issuer, clientId: 'samkwang', privateJwk });
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /v1/attachments?transfer=${transfer} HTTP/1.1\r\nHost: x\r\n` +
        `Authorization: Bearer ${token}\r\nContent-Type: application/pdf\r\n` +
        `Content-Length: ${attachmentBytesMax + 1}\r\n\r\n`,
    );
    const [said] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(said.toString()).toMatch(/^HTTP\/1.1 413 /);
  });
});

describe('a result with files', () => {
  test('names them to both ends and in its entry, and they count as its report', async () => {
    const { to, file, result, emr } = await given(pdf(1000));
    const lab = await gateway.as('samkwang');
    for (const client of [emr, lab]) {
      const view = await client.json(`/v1/results/${result}`);
      expect(view).toMatchObject({ accepted: ['testResult', 'report'], attachments: [file] });
      expect(view).toMatchObject({ withheld: [] });
    }
    const trail = await trailWith(gateway, to, 'result-received');
    const entry = trail.entries.find(({ kind }) => kind === 'result-received');
    expect(entry?.detail).toMatchObject({ attachments: [file] });
    const path = `/v1/results/${result}/attachments/${file.id}`;
    expect((await lab.fetch(path)).status).toBe(403);
    const two = await gateway.as('emr-two');
    expect((await two.fetch(path)).status).toBe(404);
  });

  test('uses each once, for the transfer that it was uploaded for, and whole', async () => {
    const to = await arrived();
    const unusable = { status: 422, code: 'ATTACHMENT_UNUSABLE' };
    const { id } = await uploaded(pdf(1000), { to });
    expect(await answered(give([id]))).toEqual(unusable);
    expect((await give([id], to)).status).toBe(201);
    expect(await answered(give([id], to))).toEqual(unusable);
    const half = await uploaded(pdf(1000), { to });
    await asOwner(world, 'UPDATE attachments SET bytes = NULL, sha256 = NULL WHERE id = $1', [
      half.id,
    ]);
    expect(await answered(give([half.id], to))).toEqual(unusable);
    const other = await arrived('eone');
    expect(await answered(give([half.id], other, 'eone'))).toEqual(unusable);
  });

  test('loses them when the EMR has it, with an entry that names them', async () => {
    const { to, file, result, path, emr } = await given(pdf(1000));
    await emr.json(`/v1/results/${result}/ack`, { method: 'POST' });
    expect(await answered(emr.fetch(path))).toEqual({ status: 410, code: 'PAYLOAD_PURGED' });
    const { rows } = await world.db.query('SELECT FROM attachment_pieces WHERE attachment = $1', [
      file.id,
    ]);
    expect(rows).toHaveLength(0);
    const { entries } = await trailWith(gateway, to, 'purged');
    const purged = entries.find(({ kind }) => kind === 'purged');
    expect(purged?.detail).toMatchObject({ result, attachments: [file] });
  });

  const flip = 'sealed = set_byte(sealed, 90, get_byte(sealed, 90) # 1)';
  const second = 'WHERE attachment = $1 AND number = 1';
  test.each([
    ['a piece is changed', [`UPDATE attachment_pieces SET ${flip} ${second}`]],
    ['a piece is missing', [`DELETE FROM attachment_pieces ${second}`]],
    ['the end is cut off', [`UPDATE attachments SET bytes = ${pieceBytes} WHERE id = $1`]],
    ['the length is another', ['UPDATE attachments SET bytes = bytes - 1 WHERE id = $1']],
    ['the digest is another', [`UPDATE attachments SET sha256 = sha256('') WHERE id = $1`]],
    ['the kind is another', [`UPDATE attachments SET media_type = 'image/png' WHERE id = $1`]],
    [
      'the pieces are swapped',
      ['number + 10', '11 - number'].map(
        (number) => `UPDATE attachment_pieces SET number = ${number} WHERE attachment = $1`,
      ),
    ],
  ])('of which %s is never ended as if it were whole', async (_, statements) => {
    const { file, path, emr } = await given(pdf(2 * pieceBytes));
    for (const sql of statements) await asOwner(world, sql, [file.id]);
    const got = emr.fetch(path).then((reply) => reply.arrayBuffer());
    await expect(got).rejects.toThrow();
  });
});

test('a file that no result comes for is destroyed after a day, whole or not', async () => {
  const [whole, half] = [await uploaded(pdf(100)), await uploaded(pdf(100))];
  await asOwner(world, 'UPDATE attachments SET bytes = NULL, sha256 = NULL WHERE id = $1', [
    half.id,
  ]);
  const late = `UPDATE attachments SET created_at = now() - interval '25 hours'
    WHERE id IN ($1, $2)`;
  await asOwner(world, late, [whole.id, half.id]);
  await until('both to be gone', async () => {
    const { rows } = await world.db.query(
      `SELECT FROM attachments WHERE id = ANY ($1::uuid[])
       UNION ALL SELECT FROM attachment_pieces WHERE attachment = ANY ($1::uuid[])`,
      [[whole.id, half.id]],
    );
    return rows.length === 0;
  });
});

test('of many such files few are destroyed at a time: a statement has ten seconds', async () => {
  const sql = `INSERT INTO attachments (id, consignee, transfer, media_type, created_at)
    SELECT gen_random_uuid(), 'samkwang', $1, 'image/png', now() - interval '2 days'
    FROM generate_series(1, 30)`;
  await asOwner(world, sql, [transfer]);
  for (let count = -1; count !== 0;) {
    count = await dropUnused(world);
    expect(count).toBeLessThanOrEqual(8);
  }
});
