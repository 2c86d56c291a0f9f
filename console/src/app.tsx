/** The shell: who is here, where they can go, and what they see while nothing is there yet. */
import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { Link, Route, Router, Switch, useRoute } from 'wouter';
import { useLanguage } from './language.tsx';
import { Overview } from './pages/overview.tsx';
import { TransferPage } from './pages/transfer.tsx';
import { Transfers } from './pages/transfers.tsx';
import { begin, signOut, type Session } from './session.ts';
import { Notice } from './pieces.tsx';
import { ThemeButton } from './theme.tsx';

export function App() {
  const { say } = useLanguage();
  const [session, setSession] = useState<Session | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    opened ??= begin();
    opened.then(setSession, () => setFailed(true));
  }, []);
  if (failed) return <Notice text={say.failed} onAgain={() => location.reload()} />;
  if (!session) return <Notice text={say.opening} />;
  return (
    <Router base="/console">
      <Shell session={session} />
    </Router>
  );
}

/** React asks twice in development; a code counts once. */
let opened: Promise<Session | null> | undefined;

function Shell({ session }: { session: Session }) {
  const { say } = useLanguage();
  const mayAudit = session.scopes.has('audit:read');
  return (
    <>
      <a className="skip" href="#content">
        {say.skip}
      </a>
      <header className="bar">
        <Link href="/" className="mark">
          {say.title}
        </Link>
        <nav aria-label={say.nav.label}>
          <NavLink href="/" text={say.nav.overview} />
          {mayAudit && <NavLink href="/transfers" text={say.nav.transfers} />}
        </nav>
        <Tools account={session.account} />
      </header>
      <main id="content" tabIndex={-1}>
        <Switch>
          <Route path="/">
            <Overview scopes={session.scopes} />
          </Route>
          <Route path="/transfers">
            {mayAudit ? <Transfers /> : <Notice text={say.notYours} />}
          </Route>
          <Route path="/transfers/:id">
            {({ id }) => (mayAudit ? <TransferPage id={id} /> : <Notice text={say.notYours} />)}
          </Route>
          <Route>
            <Notice text={say.notFound} />
          </Route>
        </Switch>
      </main>
    </>
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
