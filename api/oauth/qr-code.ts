/** A text as a QR code: dark on light with its quiet zone, whatever colours the page has. */
import { encodeQR } from 'qr';
import { html, type Html } from '../reference/html.ts';

/** So many light modules stand around the symbol (ISO/IEC 18004 section 5.3.8). */
const quietModules = 4;

/**
 * SVG markup that needs neither a script nor a style: its colours are attributes, which a strict
 * Content-Security-Policy lets through.
 * @param label what it is, for those who do not see it
 */
export function qrCode(text: string, label: string): Html {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', encoding: 'byte', border: quietModules });
  const { length } = rows;
  const attributes = html`viewBox="0 0 ${length} ${length}" shape-rendering="crispEdges"`;
  return html`<svg class="qr" role="img" aria-label="${label}" ${attributes}>
    <rect width="${length}" height="${length}" fill="#fff" />
    <path fill="#000" d="${rows.map(darkRuns).join('')}" />
  </svg>`;
}

/** The dark modules of a row, each run of them as one rectangle. */
function darkRuns(row: readonly boolean[], y: number): string {
  const cells = row.map((isDark) => (isDark ? '#' : ' ')).join('');
  return [...cells.matchAll(/#+/g)]
    .map(({ index, 0: { length } }) => `M${index} ${y}h${length}v1h-${length}z`)
    .join('');
}
