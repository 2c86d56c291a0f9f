/** The house's own files, and what its rules ask of them: imports, calls, comments. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import ts from 'typescript';
import { rootDir } from '#src/bin/settings.ts';

/** What no commit holds: see .gitignore. */
const notOurs = new Set(['node_modules', '.git', '.waybill', 'coverage', 'dist']);
const generated = new Set(['api/openapi.d.ts']);

/** Every file of the house by its path from the root, sorted. */
export function allFiles(folder = ''): string[] {
  const entries = readdirSync(join(rootDir, folder), { withFileTypes: true });
  return entries
    .filter(({ name }) => !notOurs.has(name) && !name.endsWith('.log'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? allFiles(path) : [path];
    })
    .sort();
}

export interface Source {
  path: string;
  text: string;
  lines: string[];
  /** Lines, from 0, that are mostly one literal text: a message as shown, a statement as run. */
  textLines: Set<number>;
  /** Specifiers of static and dynamic imports and of `here.resolve`, as written. */
  imports: { from: string; names: string[]; isType: boolean }[];
  /** Calls and constructions by what is called: `console.log`, `new Function`. */
  calls: string[];
  /** Properties that are read: `Math.random`. */
  reads: string[];
  /** Numbers that are written out. */
  numbers: number[];
  usesAny: boolean;
  hasDefaultExport: boolean;
}

/** TypeScript under these folders, parsed; without what is generated. */
export function sourcesUnder(...folders: string[]): Source[] {
  return folders
    .flatMap((folder) => allFiles(folder))
    .filter((path) => /^\.tsx?$/.test(extname(path)) && !generated.has(path))
    .map((path) => readSource(path));
}

export function readText(path: string): string {
  return readFileSync(join(rootDir, path), 'utf8');
}

function readSource(path: string): Source {
  const text = readText(path);
  const source: Source = {
    ...{ path, text, lines: text.split('\n'), textLines: new Set<number>() },
    ...{ imports: [], calls: [], reads: [], numbers: [] },
    ...{ usesAny: false, hasDefaultExport: false },
  };
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const visit = (node: ts.Node): void => {
    note(source, node);
    if (ts.isStringTextContainingNode(node) || ts.isTemplateExpression(node)) {
      noteText(source, file, node);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return source;
}

function note(source: Source, node: ts.Node): void {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    const from = node.moduleSpecifier;
    if (from && ts.isStringLiteral(from)) {
      source.imports.push({ from: from.text, names: namesOf(node), isType: isTypeOnly(node) });
    }
  } else if (ts.isCallExpression(node)) {
    const callee = node.expression.getText();
    source.calls.push(callee);
    const [first] = node.arguments;
    const loads = callee === 'import' || callee === 'here.resolve';
    if (loads && first && ts.isStringLiteral(first)) {
      source.imports.push({ from: first.text, names: [], isType: false });
    }
  } else if (ts.isNewExpression(node)) {
    const given = node.arguments?.length ?? 0;
    source.calls.push(`new ${node.expression.getText()}${given === 0 ? '()' : ''}`);
  } else if (ts.isPropertyAccessExpression(node)) {
    source.reads.push(node.getText());
  } else if (ts.isNumericLiteral(node)) {
    source.numbers.push(Number(node.text));
  } else if (node.kind === ts.SyntaxKind.AnyKeyword) {
    source.usesAny = true;
  } else if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword) {
    source.hasDefaultExport ||= !ts.isDefaultClause(node.parent);
  }
}

const mostly = 50;

function noteText(source: Source, file: ts.SourceFile, node: ts.Node): void {
  const from = file.getLineAndCharacterOfPosition(node.getStart());
  const to = file.getLineAndCharacterOfPosition(node.getEnd());
  for (let at = from.line; at <= to.line; at += 1) {
    const start = at === from.line ? from.character : 0;
    const end = at === to.line ? to.character : (source.lines[at]?.length ?? 0);
    if (end - start >= mostly) source.textLines.add(at);
  }
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function namesOf(node: ts.ImportDeclaration | ts.ExportDeclaration): string[] {
  const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : undefined;
  if (!bindings || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.map((one) => (one.propertyName ?? one.name).text);
}
