/** Random bytes by the handful, from a pool: the way into the system's generator costs 5 µs. */
import { randomFillSync } from 'node:crypto';

const poolBytes = 4_096;
const pool = Buffer.alloc(poolBytes);
let used = poolBytes;

/**
 * So many random bytes of the system's generator, a copy of its own, each given once: what was
 * handed out is wiped from the pool.
 */
export function randomBytes(size: number): Buffer {
  if (size > poolBytes) return randomFillSync(Buffer.alloc(size));
  if (used + size > poolBytes) {
    randomFillSync(pool);
    used = 0;
  }
  // not from Buffer's own pool, where keys would lie beside whatever else is made
  const bytes = Buffer.alloc(size);
  pool.copy(bytes, 0, used, used + size);
  pool.fill(0, used, used + size);
  used += size;
  return bytes;
}
