/** What an operator may do about a consignee's deliveries, each for a reason. */
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api, told, type Schemas } from '../../api.ts';
import { isStopped } from '../../delivery-state.tsx';
import { ActionDialog } from '../../dialog.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { Card } from '../../pieces.tsx';
import { ReasonForm } from '../../reason-form.tsx';
import { Replay } from './replay.tsx';
import { deliveryWords } from './words.ts';

type Consignee = Schemas['Consignee'];
type Action = 'pause' | 'resume' | 'retry';

export function Actions({ of }: { of: Consignee }) {
  const { number } = useLanguage();
  const words = useWords(deliveryWords);
  const queries = useQueryClient();
  const [done, setDone] = useState('');
  const status = useRef<HTMLParagraphElement>(null);
  const params = { path: { id: of.id } };
  const act: Record<Action, (reason: string) => Promise<string>> = {
    pause: async (reason) => {
      await told(api.POST('/v1/consignees/{id}/pause', { params, body: { reason } }));
      return words.done.pause;
    },
    resume: async (reason) => {
      await told(api.POST('/v1/consignees/{id}/resume', { params, body: { reason } }));
      return words.done.resume;
    },
    retry: async (reason) => {
      const reply = await told(api.POST('/v1/consignees/{id}/retry', { params, body: { reason } }));
      return words.done.retry(number(reply.due));
    },
  };
  const offered: Action[] = [
    ...(of.paused ? [] : (['pause'] as const)),
    ...(isStopped(of) ? (['resume'] as const) : []),
    ...(of.delivery === null || of.paused ? [] : (['retry'] as const)),
  ];
  return (
    <Card title={words.actions}>
      <div className="actions">
        {offered.map((action) => (
          <ActionDialog key={action} opens={words[action].opens} title={words[action].title}>
            {(close) => (
              <>
                <p>{words[action].note}</p>
                <ReasonForm
                  takesFocus
                  action={words[action].opens}
                  onSend={async (reason) => {
                    setDone(await act[action](reason));
                    close();
                    await queries.invalidateQueries();
                    // The button that was pressed may be gone by now.
                    status.current?.focus();
                  }}
                />
              </>
            )}
          </ActionDialog>
        ))}
        <Replay consignee={of.id} onDone={setDone} />
      </div>
      <p role="status" tabIndex={-1} ref={status} className={done ? 'good' : ''}>
        {done}
      </p>
    </Card>
  );
}
