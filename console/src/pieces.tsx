/** Small pieces that every page is made of. */
import { useEffect, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { isRefused } from './api.ts';
import { useLanguage } from './language.tsx';

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

/** What a question came to: its answer, that it is under way, or why there is none. */
export function Answer<Data>(props: { of: Asked<Data>; children: (data: Data) => ReactNode }) {
  const { of, children } = props;
  const { say } = useLanguage();
  if (of.error) return <Failure error={of.error} onAgain={() => void of.refetch()} />;
  if (of.data === undefined) {
    if (of.fetchStatus === 'paused') return <p className="quiet">{say.later}</p>;
    return (
      <p className="quiet waiting" role="status">
        {say.loading}
      </p>
    );
  }
  return children(of.data);
}

/** While the gateway cannot be reached, what was asked is asked again this often. */
const againMs = 5_000;

export function Failure({ error, onAgain }: { error: Error; onAgain?: () => void }) {
  const { say } = useLanguage();
  useEffect(() => {
    if (isRefused(error) || !onAgain) return undefined;
    const timer = setTimeout(onAgain, againMs);
    return () => clearTimeout(timer);
  }, [error, onAgain]);
  return (
    <div className="failure" role="alert">
      <p>{isRefused(error) ? error.message : say.offline}</p>
      {isRefused(error) && <p>{error.detail}</p>}
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
