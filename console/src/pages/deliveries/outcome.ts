/** What the last attempt came to, for people: the gateway's closed codes and HTTP's numbers. */

interface OutcomeWords {
  answered: (status: string) => string;
  /** What became of asking for the token that a push needs. */
  token: (what: string) => string;
  outcomes: Readonly<Record<string, string>>;
}

export function outcomeText(words: OutcomeWords, outcome: string | null): string {
  if (outcome === null) return '–';
  const token = /^token-(.+)$/.exec(outcome)?.[1];
  if (token) return words.token(outcomeText(words, token));
  const status = /^http-(\d{3})$/.exec(outcome)?.[1];
  return status ? words.answered(status) : (words.outcomes[outcome] ?? outcome);
}
