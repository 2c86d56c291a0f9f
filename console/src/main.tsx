/** Where the console begins: a person signs in, and is shown what they may do. */
import '@fontsource-variable/noto-sans-kr/wght.css';
import './console.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isRefused } from './api.ts';
import { App } from './app.tsx';
import { LanguageProvider } from './language.tsx';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What was refused once is refused again; what was not answered may be.
      retry: (count, error) => count < 2 && !isRefused(error),
      ...{ staleTime: 10_000, refetchOnWindowFocus: false },
    },
  },
});

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
