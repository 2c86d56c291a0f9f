/**
 * openapi.yaml as the gateway enforces it: which operations there are, and which scopes open them.
 */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import type { HandledOperationId } from './handler.ts';

/**
 * One operation. `scopes`: alternatives, each a set that must be held whole; empty: open to all.
 */
export interface Operation {
  id: HandledOperationId;
  method: 'get' | 'post';
  /** In Express's form: `/v1/transfers/:id`, `/v1/ledger/tile/:level/*tile`. */
  path: string;
  scopes: readonly (readonly string[])[];
  /** `stream`: not JSON, and handed on as it comes. */
  body: 'none' | 'optional' | 'required' | 'stream';
  /** Media types of a `stream`, in lower case and without parameters. */
  mediaTypes?: readonly string[];
}

interface SpecOperation {
  operationId: string;
  security?: readonly Readonly<Record<string, readonly string[]>>[];
  requestBody?: { required?: boolean; content: Readonly<Record<string, unknown>> };
}

export interface ApiContract {
  spec: {
    openapi: string;
    info: unknown;
    paths: Record<string, unknown>;
    components: Record<string, unknown>;
  };
  operations: readonly Operation[];
}

/** Paths of the authorization server, which answers before any of this. */
const oauthPath = /^\/(oauth2|\.well-known)\//;

/** By path: it is a part of the program, and stays as it was when it was first read. */
const contracts = new Map<string, ApiContract>();

/**
 * Reads openapi.yaml, once in a process. An operation that names no `security` is a fault:
 * nothing is open by omission.
 */
export function readContract(specPath: string): ApiContract {
  const contract = contracts.get(specPath) ?? parseContract(specPath);
  contracts.set(specPath, contract);
  return contract;
}

function parseContract(specPath: string): ApiContract {
  // `yaml`, which can say where a fault stands, takes 0.6 s more of every start.
  const spec = load(readFileSync(specPath, 'utf8')) as ApiContract['spec'];
  const operations: Operation[] = [];
  const paths = Object.entries(spec.paths).filter(([path]) => !oauthPath.test(path));
  // Another spelling of the others' paths must not reach the validator as theirs.
  spec.paths = Object.fromEntries(paths);
  for (const [path, item] of paths) {
    for (const method of ['get', 'post'] as const) {
      const found = (item as Record<string, SpecOperation | undefined>)[method];
      if (!found) continue;
      if (!found.security) throw new Error(`openapi.yaml: ${found.operationId} has no security`);
      operations.push({
        id: found.operationId as HandledOperationId,
        method,
        path: expressPath(path),
        scopes: found.security.map((alternative) => Object.values(alternative).flat()),
        ...bodyOf(found),
      });
    }
  }
  return { spec, operations };
}

/** A path of openapi.yaml in Express's form. */
export function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}\*$/, '*$1').replaceAll(/\{(\w+)\}/g, ':$1');
}

function bodyOf({ requestBody }: SpecOperation): Pick<Operation, 'body' | 'mediaTypes'> {
  if (!requestBody) return { body: 'none' };
  const mediaTypes = Object.keys(requestBody.content);
  if (!mediaTypes.includes('application/json')) return { body: 'stream', mediaTypes };
  return { body: requestBody.required ? 'required' : 'optional' };
}
