/** Which hashes prove an entry, or that a tree grew out of an earlier one: RFC 9162. Pure. */
import { strict as assert } from 'node:assert';
import { nodeHash } from './tree.ts';

/** A perfect subtree: 2^level leaves from leaf index × 2^level on. */
export interface TreeNode {
  level: number;
  index: number;
}

export type NodeReader = (level: number, index: number) => Buffer;

/** Leaves from `start` up to, not including, `end`, that make one subtree. */
type Range = readonly [start: number, end: number];

/**
 * Hashes that lead from a leaf to the root, deepest first (RFC 9162 section 2.1.3.1).
 * Requires 0 <= index < size.
 *
 * @param node asked for perfect subtrees of this tree only
 */
export function inclusionProof(size: number, index: number, node: NodeReader): Buffer[] {
  return inclusionRanges(size, index).map((range) => rangeHash(range, node));
}

/**
 * Hashes that show the tree of `to` leaves to begin with the tree of `from` (section 2.1.4.1).
 * Empty when they are the same, or `from` is 0. Requires 0 <= from <= to.
 */
export function consistencyProof(from: number, to: number, node: NodeReader): Buffer[] {
  return consistencyRanges(from, to).map((range) => rangeHash(range, node));
}

/** The perfect subtrees that `inclusionProof` will ask for. */
export function inclusionNodes(size: number, index: number): TreeNode[] {
  return inclusionRanges(size, index).flatMap(perfectNodes);
}

/** The perfect subtrees that `consistencyProof` will ask for. */
export function consistencyNodes(from: number, to: number): TreeNode[] {
  return consistencyRanges(from, to).flatMap(perfectNodes);
}

/** The root that a leaf's hash and its inclusion proof lead to. Requires a proof of this shape. */
export function provenRoot(
  size: number,
  index: number,
  leaf: Buffer,
  hashes: readonly Buffer[],
): Buffer {
  const ranges = inclusionRanges(size, index);
  assert(hashes.length === ranges.length, 'requires one hash for each step of the path');
  return ranges.reduce((root, [start], at) => {
    const beside = hashes[at]!;
    return start > index ? nodeHash(root, beside) : nodeHash(beside, root);
  }, leaf);
}

function inclusionRanges(size: number, index: number): Range[] {
  assert(Number.isSafeInteger(size) && index >= 0 && index < size, 'requires 0 <= index < size');
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      ranges.push([middle, end]);
      end = middle;
    } else {
      ranges.push([start, middle]);
      start = middle;
    }
  }
  return ranges.reverse();
}

function consistencyRanges(from: number, to: number): Range[] {
  assert(Number.isSafeInteger(to) && from >= 0 && from <= to, 'requires 0 <= from <= to');
  if (from === 0 || from === to) return [];
  const ranges: Range[] = [];
  let [start, end] = [0, to];
  while (end !== from) {
    const middle = start + split(end - start);
    if (from <= middle) {
      ranges.push([middle, end]);
      end = middle;
    } else {
      ranges.push([start, middle]);
      start = middle;
    }
  }
  // Left of everything, the verifier knows the subtree already: it is the whole earlier tree.
  if (start > 0) ranges.push([start, end]);
  return ranges.reverse();
}

/** The largest power of two below n. Requires n > 1. */
function split(n: number): number {
  let width = 1;
  while (width * 2 < n) width *= 2;
  return width;
}

function perfectNodes([start, end]: Range): TreeNode[] {
  const nodes: TreeNode[] = [];
  while (start < end) {
    let level = 0;
    while (2 ** (level + 1) <= end - start) level++;
    nodes.push({ level, index: start / 2 ** level });
    start += 2 ** level;
  }
  return nodes;
}

function rangeHash(range: Range, node: NodeReader): Buffer {
  return perfectNodes(range)
    .map(({ level, index }) => node(level, index))
    .reduceRight((right, left) => nodeHash(left, right));
}
