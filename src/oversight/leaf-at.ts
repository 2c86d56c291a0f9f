/** When an entry was made, read off its leaf in SQL: a queue has no clock of its own. */
export const leafAtSql = `substring(encode(leaf, 'escape') FROM '"at":"([^"]+)"')::timestamptz`;
