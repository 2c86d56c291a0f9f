/**
 * Reads one YAML file as plain JSON data, with the line of every place in it. YAML 1.2 core schema
 * only: no aliases, no tags, no merge keys, no duplicate keys, nothing that JSON could not say.
 */
import { readFileSync, statSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, ParsedNode } from 'yaml';
import { wrong, type Faults, type Wrong } from './faults.ts';

const fileBytesMax = 256 * 1024;

/** The steps from the root of a document to a place in it. */
export type Place = readonly (string | number)[];

export interface YamlFile {
  path: string;
  value: unknown;
  /** The line (from 1) of a place, or of the closest place above it that exists. */
  lineOf(place: Place): number;
}

function errorCode(error: unknown): string {
  return (error as { code?: string }).code ?? 'unknown error';
}

function readText(path: string, faults: Faults): string | undefined {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) {
      faults.add(path, 1, wrong('file.not-a-file'));
    } else if (stat.size > fileBytesMax) {
      faults.add(path, 1, wrong('file.too-large', fileBytesMax));
    } else {
      return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    }
  } catch (error) {
    const isEncoding = error instanceof TypeError;
    const said = isEncoding ? wrong('file.encoding') : wrong('file.unreadable', errorCode(error));
    faults.add(path, 1, said);
  }
  return undefined;
}

function offsetOf(root: ParsedNode | null, place: Place): number {
  let node: unknown = root;
  let offset = root?.range[0] ?? 0;
  for (const step of place) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step);
      if (!pair) break;
      offset = (pair.key as ParsedNode).range[0];
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as ParsedNode | undefined;
      if (!item) break;
      offset = item.range[0];
      node = item;
    } else break;
  }
  return offset;
}

/** What YAML can say and JSON cannot. */
function reportUnlikeJson(doc: Document.Parsed, report: (at: number, said: Wrong) => void): void {
  visit(doc, {
    Alias: (_, node) => report(node.range?.[0] ?? 0, wrong('yaml.alias')),
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value === 'string') return;
      report((key as ParsedNode | null)?.range[0] ?? 0, wrong('yaml.key-not-text'));
    },
    Scalar: (_, { value, range }) => {
      if (typeof value === 'string' && (!value.isWellFormed() || value.includes('\0'))) {
        report(range?.[0] ?? 0, wrong('yaml.not-a-character'));
      }
      if (typeof value !== 'number') return;
      if (Number.isFinite(value) && !(Number.isInteger(value) && !Number.isSafeInteger(value))) {
        return;
      }
      report(range?.[0] ?? 0, wrong('yaml.number'));
    },
  });
}

function sayOfYaml(code: string, message: string): Wrong {
  if (code === 'DUPLICATE_KEY') return wrong('yaml.twice');
  if (code === 'MULTIPLE_DOCS') return wrong('yaml.second-document');
  return wrong('yaml.syntax', message.split('\n', 1)[0] ?? code);
}

/**
 * Reads and parses one file. Every fault is added to `faults` with its line; the answer is
 * `undefined` when there was one.
 */
export function readYaml(path: string, faults: Faults): YamlFile | undefined {
  const text = readText(path, faults);
  if (text === undefined) return undefined;
  const counter = new LineCounter();
  const lineAt = (offset: number): number => Math.max(1, counter.linePos(offset).line);
  const before = faults.count;
  try {
    const doc = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      lineCounter: counter,
      // pretty errors quote the source, which may hold a secret pasted by mistake
      prettyErrors: false,
      // not 'silent', which also keeps quiet about a second document and drops it
      logLevel: 'error',
      resolveKnownTags: false,
    });
    const said = [...doc.errors, ...doc.warnings].map(({ pos, code, message }) => ({
      ...{ line: lineAt(pos[0]), wrong: sayOfYaml(code, message) },
    }));
    // What follows the first break in the syntax mostly follows from it, and misleads.
    const broken = said.findIndex((one) => one.wrong.rule === 'yaml.syntax');
    const meant = said.filter((one, i) => i === broken || one.wrong.rule !== 'yaml.syntax');
    for (const one of meant) faults.add(path, one.line, one.wrong);
    if (broken !== -1) return undefined;
    reportUnlikeJson(doc, (offset, said) => faults.add(path, lineAt(offset), said));
    if (faults.count > before) return undefined;
    const value: unknown = doc.toJS({ maxAliasCount: 0 });
    if (value !== null) {
      return { path, value, lineOf: (place) => lineAt(offsetOf(doc.contents, place)) };
    }
    faults.add(path, 1, wrong('file.empty'));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.add(path, 1, wrong('file.too-deep'));
  }
  return undefined;
}
