/** Who is here, and what they see until that is known. */
import { useEffect, useState } from 'react';
import { Router } from 'wouter';
import { useLanguage } from './language.tsx';
import { Notice } from './pieces.tsx';
import { fetchAhead } from './routes.tsx';
import { begin, type Session } from './session.ts';
import { Shell } from './shell.tsx';

export function App() {
  const { say } = useLanguage();
  const [session, setSession] = useState<Session | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    fetchAhead(location.pathname);
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
