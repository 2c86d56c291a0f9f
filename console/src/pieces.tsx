/** Small pieces that every page is made of. */
import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { isRefused } from './api.ts';
import { useLanguage } from './language.tsx';
import { Idle } from './session.ts';

/** A whole page's worth of one sentence. */
export function Notice({ text, onAgain }: { text: string; onAgain?: () => void }) {
  const { say } = useLanguage();
  return (
    <div className="notice" role="status">
      <p>{text}</p>
      {onAgain && <Button onPress={onAgain}>{say.again}</Button>}
    </div>
  );
}

interface Asked<Data> {
  data: Data | undefined;
  error: Error | null;
  refetch: () => unknown;
  /** `paused`: not asked, since the browser is offline. */
  fetchStatus?: string;
}

/**
 * What a question came to: its answer, that it is under way, or why there is none. What was
 * answered before stays, and whoever types in it goes on.
 */
export function Answer<Data>(props: { of: Asked<Data>; children: (data: Data) => ReactNode }) {
  const { of, children } = props;
  const { say } = useLanguage();
  const failure = of.error && <Failure error={of.error} onAgain={() => void of.refetch()} />;
  if (of.data !== undefined) {
    return (
      <>
        {failure}
        {children(of.data)}
      </>
    );
  }
  if (failure) return failure;
  if (of.fetchStatus === 'paused') return <p className="quiet">{say.later}</p>;
  return (
    <p className="quiet waiting" role="status">
      {say.loading}
    </p>
  );
}

/** @param props.onAgain left out for what is not asked but done */
export function Failure({ error, onAgain }: { error: Error; onAgain?: () => void }) {
  const { say } = useLanguage();
  if (error instanceof Idle) return <p className="quiet">{say.idle}</p>;
  if (!isRefused(error)) {
    const unsure = navigator.onLine ? say.unsure : say.notSent;
    return (
      <div className="failure" role="alert">
        <p>{onAgain ? say.unreachable : unsure}</p>
        {onAgain && <Button onPress={onAgain}>{say.again}</Button>}
      </div>
    );
  }
  const { message, detail, places } = error;
  return (
    <div className="failure" role="alert">
      <p>{message}</p>
      {places.length === 0 && <p>{detail}</p>}
      {places.length > 0 && (
        <ul>
          {places.map((place) => (
            <li key={place}>{place}</li>
          ))}
        </ul>
      )}
      {onAgain && <Button onPress={onAgain}>{say.again}</Button>}
    </div>
  );
}

export function Card({ title, children }: { title: string; children: ReactNode }) {
  const id = `card-${title.replaceAll(/\s/g, '-')}`;
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** Names and values. */
export function Facts({ of }: { of: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className="facts">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A table that can be scrolled sideways where there is no room, also by keyboard. */
export function Table({ caption, head, stacks = false, children }: TableProps) {
  return (
    <div className="sheet" role="group" aria-label={caption} tabIndex={0}>
      <table className={stacks ? 'stack' : undefined}>
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {head.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface TableProps {
  caption: string;
  head: readonly string[];
  /** Where there is no room, a row's cells stand below each other. */
  stacks?: boolean;
  children: ReactNode;
}
