/** What stands around every page: where one can go, who is here, and whether the network is. */
import { onlineManager } from '@tanstack/react-query';
import { Suspense, useEffect, useRef, useSyncExternalStore, type ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { Link, Route, Switch, useLocation, useRoute } from 'wouter';
import { useLanguage } from './language.tsx';
import { Notice } from './pieces.tsx';
import { isOpenTo, routes, type Route as Place } from './routes.tsx';
import { signOut, type Session } from './session.ts';
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
    <Suspense fallback={<p className="quiet waiting">{say.loading}</p>}>
      <place.Page scopes={scopes} params={Object.fromEntries(known)} />
    </Suspense>
  );
}

function NavLink({ href, text }: { href: string; text: string }) {
  const [isHere] = useRoute(href === '/' ? '/' : `${href}/*?`);
  return (
    <Link href={href} aria-current={isHere ? 'page' : undefined}>
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

function Tools({ account }: { account: string }) {
  const { say, language, setLanguage } = useLanguage();
  const other = language === 'en' ? 'ko' : 'en';
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
      <Button onPress={() => void signOut()}>{say.signOut}</Button>
    </div>
  );
}
