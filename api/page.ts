/** How long a page is when the caller does not say. */
const pageLimitDefault = 50;

/** The limit of a list; the contract of the API keeps it in its range. */
export function pageLimit(limit: number | undefined): number {
  return limit ?? pageLimitDefault;
}
