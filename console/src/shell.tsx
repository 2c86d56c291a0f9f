/** What stands around every page: where one can go, who is here, and whether the network is. */
import { onlineManager } from '@tanstack/react-query';
import { Suspense, useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { Link, Route, Switch, useLocation, useRoute } from 'wouter';
import { useLanguage } from './language.tsx';
import { Notice } from './pieces.tsx';
import { isOpenTo, routes, type Route as Place } from './routes.tsx';
import { signOut, standingStore, type Session } from './session.ts';
import { Guard } from './guard.tsx';
import { ThemeButton } from './theme.tsx';

export function Shell({ session: { account, scopes } }: { session: Session }) {
  const { say, language } = useLanguage();
  return (
    <>
      <a className="skip" href="#content">
        {say.skip}
      </a>
      <header className="bar">
        <Link href="/" className="mark">
          {say.title}
        </Link>
        <nav aria-label={say.nav}>
          {routes
            .filter((place) => place.inBar && isOpenTo(place, scopes))
            .map(({ path, name }) => (
              <NavLink key={path} href={path} text={name[language]} />
            ))}
        </nav>
        <Tools account={account} />
      </header>
      <Offline />
      <SessionState />
      <Content>
        <Switch>
          {routes.map((place) => (
            <Route key={place.path} path={place.path}>
              {(params) => <Opened place={place} scopes={scopes} params={params} />}
            </Route>
          ))}
          <Route>
            <Notice text={say.notFound} />
          </Route>
        </Switch>
      </Content>
    </>
  );
}

/** Where the page changes, whoever reads or goes by keyboard begins at its top. */
function Content({ children }: { children: ReactNode }) {
  const [path] = useLocation();
  const content = useRef<HTMLElement>(null);
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    content.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [path]);
  return (
    <main id="content" tabIndex={-1} ref={content}>
      {children}
    </main>
  );
}

interface OpenedProps {
  place: Place;
  scopes: ReadonlySet<string>;
  params: Readonly<Record<string, string | undefined>>;
}

function Opened({ place, scopes, params }: OpenedProps) {
  const { say, language } = useLanguage();
  const name = place.name[language];
  useEffect(() => {
    document.title = `${name} · ${say.title}`;
  }, [name, say.title]);
  if (!isOpenTo(place, scopes)) return <Notice text={say.notYours} />;
  const known = Object.entries(params).filter((one): one is [string, string] => !!one[1]);
  return (
    <Guard key={location.pathname} text={say.broken}>
      <Suspense fallback={<p className="quiet waiting">{say.loading}</p>}>
        <place.Page scopes={scopes} params={Object.fromEntries(known)} />
      </Suspense>
    </Guard>
  );
}

function NavLink({ href, text }: { href: string; text: string }) {
  const [isHere] = useRoute(href === '/' ? '/' : `${href}/*?`);
  const link = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    const bar = link.current?.parentElement;
    if (!isHere || !link.current || !bar) return;
    // On a phone the bar is wider than the window.
    const [own, its] = [link.current.getBoundingClientRect(), bar.getBoundingClientRect()];
    bar.scrollLeft += Math.max(0, own.right - its.right) + Math.min(0, own.left - its.left);
  }, [isHere]);
  return (
    <Link ref={link} href={href} aria-current={isHere ? 'page' : undefined}>
      {text}
    </Link>
  );
}

/** Told by the browser; what was asked meanwhile is asked again by itself. */
function Offline() {
  const { say } = useLanguage();
  const isOnline = useSyncExternalStore(
    (changed) => onlineManager.subscribe(changed),
    () => onlineManager.isOnline(),
  );
  return <div role="status">{!isOnline && <p className="bad banner">{say.offline}</p>}</div>;
}

/** What was typed stays; nothing is sent under another name. */
function SessionState() {
  const { say } = useLanguage();
  const standing = useSyncExternalStore(
    (changed) => standingStore.subscribe(changed),
    () => standingStore.current(),
  );
  return (
    <div role="status">
      {standing !== 'in' && (
        <p className="bad banner">
          {say.standing[standing]}{' '}
          {standing === 'out' && (
            <a href="/console/" target="_blank" rel="noopener">
              {say.standing.signIn}
            </a>
          )}
          {standing === 'stranger' && <a href="/console/">{say.standing.reload}</a>}
        </p>
      )}
    </div>
  );
}

function Tools({ account }: { account: string }) {
  const { say, language, setLanguage } = useLanguage();
  const other = language === 'en' ? 'ko' : 'en';
  const [isStuck, setStuck] = useState(false);
  return (
    <div className="tools">
      <ThemeButton />
      <Button onPress={() => setLanguage(other)}>
        <span lang={other}>{say.language}</span>
      </Button>
      <span className="who">
        <span className="hidden">{say.signedInAs} </span>
        {account}
      </span>
      <Button onPress={() => void signOut().catch(() => setStuck(true))}>{say.signOut}</Button>
      {isStuck && (
        <p className="bad" role="alert">
          {say.stillIn}
        </p>
      )}
    </div>
  );
}
