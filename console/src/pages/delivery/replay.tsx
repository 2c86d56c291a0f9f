/** After an outage: what a consignee did not get since then goes once more. */
import { useQueryClient } from '@tanstack/react-query';
import { api, told } from '../../api.ts';
import { ActionDialog } from '../../dialog.tsx';
import { useLanguage, useWords } from '../../language.tsx';
import { ReasonForm } from '../../reason-form.tsx';
import { deliveryWords } from './words.ts';

type What = 'failed' | 'unacknowledged';

export function Replay(props: { consignee: string; onDone: (text: string) => void }) {
  const { number } = useLanguage();
  const words = useWords(deliveryWords);
  const queries = useQueryClient();
  const send = async (reason: string, fields: FormData) => {
    const what = fields.get('what') as What;
    // The clinic's wall clock, whatever zone this computer is in.
    const since = new Date(`${fields.get('since') as string}:00+09:00`).toISOString();
    const sum = await replayAll(props.consignee, { what, since, reason });
    props.onDone(words.replayed(number(sum.replayed), number(sum.refused), number(sum.purged)));
    await queries.invalidateQueries();
  };
  return (
    <ActionDialog opens={words.replay.opens} title={words.replay.title}>
      {(close) => (
        <>
          <p>{words.replay.note}</p>
          <ReasonForm
            action={words.replay.opens}
            onSend={(reason, fields) => send(reason, fields).then(close)}
          >
            <label>
              {words.what}
              <select name="what">
                <option value="failed">{words.whats.failed}</option>
                <option value="unacknowledged">{words.whats.unacknowledged}</option>
              </select>
            </label>
            <label>
              {words.since}
              <input name="since" type="datetime-local" required />
            </label>
          </ReasonForm>
        </>
      )}
    </ActionDialog>
  );
}

/** A request looks at so many; it is repeated until nothing is left. */
async function replayAll(id: string, ask: { what: What; since: string; reason: string }) {
  const sum = { replayed: 0, refused: 0, purged: 0 };
  for (let cursor: string | null | undefined; cursor !== null;) {
    const reply = await told(
      api.POST('/v1/consignees/{id}/replay', {
        params: { path: { id } },
        body: { ...ask, ...(cursor && { cursor }) },
      }),
    );
    sum.replayed += reply.replayed;
    sum.refused += reply.refused;
    sum.purged += reply.purged;
    cursor = reply.next;
  }
  return sum;
}
