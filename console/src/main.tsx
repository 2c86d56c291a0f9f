/** Where the console begins: a person signs in, and is shown what they may do. */
import '@fontsource-variable/noto-sans-kr/wght.css';
import './console.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { LanguageProvider } from './language.tsx';
import { Idle } from './session.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Many a read is an entry of the ledger: only a person asks again, or a page's own clock.
      ...{ retry: false, staleTime: 10_000, refetchOnWindowFocus: false },
    },
    // What cannot be sent now is not sent later, when nobody expects it any more.
    mutations: { networkMode: 'always' },
  },
});

// Whoever comes back sees what is so now.
for (const act of ['pointerdown', 'keydown']) {
  addEventListener(act, () => {
    const asleep = ({ state }: { state: { error: unknown } }) => state.error instanceof Idle;
    void queries.refetchQueries({ type: 'active', predicate: asleep });
  });
}

const place = document.getElementById('console');
if (place) {
  createRoot(place).render(
    <StrictMode>
      <LanguageProvider>
        <QueryClientProvider client={queries}>
          <App />
        </QueryClientProvider>
      </LanguageProvider>
    </StrictMode>,
  );
}
