/** The document that a person is given: made by the gateway, and printed from a window. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Button } from 'react-aria-components';
import { api, told } from '../../api.ts';
import { download } from '../../download.ts';
import { useWords } from '../../language.tsx';
import { Card, Failure } from '../../pieces.tsx';
import type { Asked } from './asked.ts';
import { openPaper, showPaper } from './paper.ts';
import { personWords } from './words.ts';

const languages = ['ko', 'en'] as const;

export function PrintCard({ asked: { subject, reason, from, to } }: { asked: Asked }) {
  const words = useWords(personWords);
  const paper = useRef<Window | null>(null);
  // What was shown of a person goes with the page that showed it.
  useEffect(() => {
    const close = () => paper.current?.close();
    addEventListener('pagehide', close);
    return () => {
      removeEventListener('pagehide', close);
      close();
    };
  }, []);
  const printing = useMutation({
    mutationFn: async (lang: (typeof languages)[number]) => {
      const params = { query: { lang } };
      const body = { subject, reason, ...(from && { from }), ...(to && { to }) };
      const asking = api.POST('/v1/audit/disclosures/page', { params, body, parseAs: 'text' });
      const html = await told<string>(asking);
      if (paper.current) showPaper(paper.current as Window & typeof globalThis, html);
      else download(html, 'disclosures.html', 'text/html');
      return { isSaved: paper.current === null };
    },
    gcTime: 0,
    onError: () => paper.current?.close(),
  });
  const print = (lang: (typeof languages)[number]) => {
    paper.current?.close();
    paper.current = openPaper();
    printing.mutate(lang);
  };
  return (
    <Card title={words.print}>
      <p className="quiet">{words.printNote}</p>
      <div className="buttons">
        {languages.map((lang) => (
          <Button key={lang} isDisabled={printing.isPending} onPress={() => print(lang)}>
            {words.printIn[lang]}
          </Button>
        ))}
      </div>
      {printing.data?.isSaved && <p role="status">{words.blocked}</p>}
      {printing.error && <Failure error={printing.error} />}
    </Card>
  );
}
