/** The numbers of PostgreSQL's advisory locks: whoever takes one waits for its own kind alone. */
export const advisoryLocks = {
  /** One migration at a time, whoever starts it. */
  migrations: 7_240_000,
  /** `ensure_partitions()` in migration 001. */
  partitions: 7_240_001,
  /** Sequencers spare each other work. */
  sequencer: 7_240_002,
  /** The first of two numbers; the second is the person whose suspensions change. */
  subject: 7_240_003,
  /** One process at a time counts for reviews. */
  counting: 7_240_004,
  /** `hold_hmac_key()` in migration 009: shared while something is stored under the HMAC key. */
  hmacKey: 7_240_010,
} as const;
