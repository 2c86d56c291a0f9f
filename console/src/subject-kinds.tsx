/** Whose data it is about: the kinds of people that contracts know. */
import type { Schemas } from './api.ts';

type SubjectKind = Schemas['SubjectKind'];

export const subjectKinds: readonly SubjectKind[] = [
  ...(['patient', 'practitioner', 'member', 'visitor'] as const),
];

interface KindSelectProps<Kind extends string> {
  label: string;
  /** The kinds that can be chosen, in this order; the first is chosen. */
  of: readonly Kind[];
  words: Readonly<Record<Kind, string>>;
}

/** Which kind; the field is called `kind`, and the browser remembers nothing of it. */
export function KindSelect<Kind extends string>({ label, of, words }: KindSelectProps<Kind>) {
  return (
    <label>
      {label}
      <select name="kind" autoComplete="off">
        {of.map((kind) => (
          <option key={kind} value={kind}>
            {words[kind]}
          </option>
        ))}
      </select>
    </label>
  );
}
