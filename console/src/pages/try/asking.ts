/** Asks the gateway what a record would come to, for each consignee by itself. */
import { api, Refusal, type Schemas } from '../../api.ts';

export type Kind = Schemas['SubjectKind'];
export type Preview = Schemas['Preview'];
export type FieldError = Schemas['FieldError'];
export type JsonObject = Readonly<Record<string, unknown>>;

/** What one consignee would receive, or why it would get nothing. */
export type Outcome = { consignee: string } & (
  | { preview: Preview; refusal?: never }
  | { preview?: never; refusal: { error: Refusal; places: readonly FieldError[] } }
);

export interface Ask {
  consignee: string;
  subject: Schemas['Subject'];
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The record of a whole order (`POST /v1/transfers`); null where it is none. */
export function recordOfOrder(value: JsonObject): JsonObject | null {
  const isOrder = isObject(value['record']) && isObject(value['subject']);
  return isOrder ? (value['record'] as JsonObject) : null;
}

/** What the EMR calls the person, where the record says it. */
export function idIn(record: JsonObject, kind: Kind): string {
  const member = record['websiteMemberInformation'];
  const said = {
    patient: record['chartNumber'],
    practitioner: record['licenseNumber'],
    member: isObject(member) ? member['memberId'] : undefined,
    visitor: undefined,
  }[kind];
  // Nobody's: the gateway then knows of no stop, either.
  return typeof said === 'string' && said !== '' ? said : 'nobody';
}

/** So many questions are under way at once. */
const atOnce = 4;

/** Answers in the order of the questions. `onEach` is told how many are answered. */
export async function askAll(
  asks: readonly Ask[],
  record: JsonObject,
  { onEach, signal }: { onEach: (done: number) => void; signal: AbortSignal },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let [next, done] = [0, 0];
  const work = async () => {
    for (let at = next++; at < asks.length; at = next++) {
      outcomes[at] = await outcomeOf(asks[at]!, record, signal);
      done += 1;
      onEach(done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}

async function outcomeOf(ask: Ask, record: JsonObject, signal: AbortSignal): Promise<Outcome> {
  const { consignee, subject } = ask;
  const body = { consignee, subject, record };
  const { data, error } = await api.POST('/v1/transfers/preview', { body, signal });
  if (data !== undefined) return { consignee, preview: data };
  const problem = error as Partial<Schemas['Problem']> | undefined;
  const refusal = { error: new Refusal(problem), places: problem?.errors ?? [] };
  return { consignee, refusal };
}
