/**
 * Structured logs that can only hold what is listed here:
 * no value of a payload has a field (law 4).
 */
import pino from 'pino';

/** Everything that a log line may say. Ids, codes, counts and durations; never a value. */
export interface LogFields {
  operation?: string;
  method?: string;
  status?: number;
  code?: string;
  durationMs?: number;
  request?: string;
  client?: string;
  account?: string;
  entry?: number;
  consignee?: string;
  contract?: string;
  transfer?: string;
  result?: string;
  outcome?: string;
  attempt?: number;
  count?: number;
  size?: number;
  url?: string;
  pid?: number;
  home?: string;
  error?: unknown;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/**
 * What an error may tell the log. Its message is left out: messages of parsers, of PostgreSQL and
 * of HTTP clients quote what they choked on.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: framesOf(error),
    ...(error.cause instanceof Error ? { cause: describeError(error.cause) } : {}),
  };
}

/** The innermost frames of an error's stack, without its message. */
export function framesOf(error: Error): string[] {
  // A message of many lines can look like frames: they are looked for behind it, and by their form.
  const stack = error.stack ?? '';
  const lines = stack.slice(Math.max(0, stack.indexOf(error.message)) + error.message.length);
  const frames = lines
    .split('\n')
    .filter((line) => /^ +at .*(:\d+:\d+|<anonymous>)\)?$/.test(line));
  return frames.slice(0, 8).map((line) => line.trim());
}

const fieldNames: ReadonlySet<string> = new Set<keyof LogFields>([
  ...(['operation', 'method', 'status', 'code', 'durationMs', 'request', 'client'] as const),
  ...(['consignee', 'contract', 'transfer', 'result', 'outcome', 'attempt', 'count'] as const),
  ...(['size', 'url', 'pid', 'home'] as const),
]);

function listed(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (fieldNames.has(name)) line[name] = value;
  }
  if (fields.error !== undefined) line['error'] = describeError(fields.error);
  return line;
}

/** A log that writes one JSON object a line to standard output. */
export function createLog(options: { level: LogLevel }): Log {
  const logger = pino({
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
  return {
    debug: (message, fields = {}) => logger.debug(listed(fields), message),
    info: (message, fields = {}) => logger.info(listed(fields), message),
    warn: (message, fields = {}) => logger.warn(listed(fields), message),
    error: (message, fields = {}) => logger.error(listed(fields), message),
  };
}
