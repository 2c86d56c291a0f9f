/** Released: the only value whose bytes may leave. No cast, copy or kin of one passes for it. */
import { canonicalForm, sha256 } from '#src/base/canonical.ts';
import { CompiledContract, type Plan } from './compile.ts';
import { isObject } from './shape.ts';

/** Why a value could not become, or become again, a `Released`. */
export class NotReleasable extends Error {
  readonly code: 'NOT_CONTRACTED' | 'COMMITMENT_MISMATCH';

  constructor(code: NotReleasable['code']) {
    super(code);
    this.name = 'NotReleasable';
    this.code = code;
  }
}

interface Parts {
  plan: Plan;
  released: readonly string[];
  derived: readonly string[];
  /** RFC 8785 text of the minimised record: a string, because no holder can change a string. */
  text: string;
  sizeBytes: number;
  commitment: Buffer;
  salt: Buffer;
}

const guard = Symbol('only this file makes a Released');
let construct: (parts: Parts) => Released;

/**
 * A minimised record, under the contract version that decided it. Frozen, and every buffer is
 * handed out as a copy: whoever holds one can read it and send it, nothing else.
 */
export class Released {
  readonly #parts: Parts;

  static {
    construct = (parts) => new Released(guard, parts);
    Object.freeze(this.prototype);
    Object.freeze(this);
  }

  private constructor(key: symbol, parts: Parts) {
    const isOurs = key === guard && new.target === Released;
    if (!isOurs) throw new TypeError('only minimising makes a Released');
    this.#parts = parts;
    Object.freeze(this);
  }

  /** True for what this room made, whatever its type says: looks for the private field. */
  static isReleased(value: unknown): value is Released {
    return typeof value === 'object' && value !== null && #parts in value;
  }

  /** Id of the contract version: `samkwang.v1`. */
  get contract(): string {
    return this.#parts.plan.contract.id;
  }

  /** SHA-256 of the contract text, 32 bytes. */
  get contractDigest(): Buffer {
    return Buffer.from(this.#parts.plan.contract.digest);
  }

  get consignee(): string {
    return this.#parts.plan.contract.consignee;
  }

  /** Dictionary codes that travel as submitted, in the contract's order. */
  get released(): readonly string[] {
    return this.#parts.released;
  }

  /** Dictionary codes that travel as derived here, in the contract's order. */
  get derived(): readonly string[] {
    return this.#parts.derived;
  }

  /** Dictionary codes that may only travel encrypted to the consignee. */
  get encrypted(): ReadonlySet<string> {
    return new Set(this.#parts.plan.outbound.dictionary.encrypted);
  }

  /** SHA-256(salt || canonical bytes), 32 bytes. */
  get commitment(): Buffer {
    return Buffer.from(this.#parts.commitment);
  }

  /** 32 random bytes that blind the commitment. */
  get salt(): Buffer {
    return Buffer.from(this.#parts.salt);
  }

  /** Length of the canonical bytes. */
  get sizeBytes(): number {
    return this.#parts.sizeBytes;
  }

  /** The RFC 8785 bytes of the minimised record, in clear. */
  canonical(): Buffer {
    return Buffer.from(this.#parts.text, 'utf8');
  }
}

/** True for a real `Released`: a cast, a copy, a proxy or a subclass is none. */
export function isReleased(value: unknown): value is Released {
  return Released.isReleased(value);
}

/** What the ledger commits to: SHA-256(salt || canonical), 32 bytes. */
export function commitmentOf(salt: Uint8Array, canonical: Uint8Array): Buffer {
  return sha256(salt, canonical);
}

/**
 * The one door. Whoever comes through it, every key and value is held against the contract here,
 * once more: a fault in the steps before ends in an error, never in bytes.
 * Throws NotReleasable `NOT_CONTRACTED`, or a RangeError unless the salt has 32 bytes.
 */
export function mint(
  compiled: CompiledContract,
  input: {
    payload: Readonly<Record<string, unknown>>;
    released: readonly string[];
    derived: readonly string[];
    salt: Uint8Array;
  },
): Released {
  const plan = CompiledContract.planOf(compiled);
  if (input.salt.length !== 32) throw new RangeError('a salt has 32 bytes');
  // what is hashed is what is checked: the value that the text says, not the caller's object
  const { text, value } = canonicalForm(input.payload);
  assertContracted(plan, value);
  const salt = Buffer.from(input.salt);
  const canonical = Buffer.from(text, 'utf8');
  return construct({
    plan,
    released: Object.freeze([...input.released]),
    derived: Object.freeze([...input.derived]),
    text,
    sizeBytes: canonical.length,
    commitment: commitmentOf(salt, canonical),
    salt,
  });
}

function assertContracted(plan: Plan, payload: unknown): void {
  if (!isObject(payload)) throw new NotReleasable('NOT_CONTRACTED');
  for (const key of Object.keys(payload)) {
    if (key === 'tests') assertTestsContracted(plan, payload[key]);
    else assertItemContracted(plan, 'record', key, payload[key]);
  }
}

function assertTestsContracted(plan: Plan, tests: unknown): void {
  if (!Array.isArray(tests) || tests.length === 0) throw new NotReleasable('NOT_CONTRACTED');
  for (const element of tests as unknown[]) {
    const isFilled = isObject(element) && Object.keys(element).length > 0;
    if (!isFilled) throw new NotReleasable('NOT_CONTRACTED');
    for (const key of Object.keys(element)) {
      assertItemContracted(plan, 'tests', key, element[key]);
    }
  }
}

function assertItemContracted(
  plan: Plan,
  at: 'record' | 'tests',
  code: string,
  value: unknown,
): void {
  const listed = plan.outbound.listed.get(code);
  const isContracted = listed?.isReleasable === true && listed.item.at === at;
  if (!isContracted || !listed.item.validate(value)) throw new NotReleasable('NOT_CONTRACTED');
  listed.item.secretsLeft?.(value, () => {
    throw new NotReleasable('NOT_CONTRACTED');
  });
}
