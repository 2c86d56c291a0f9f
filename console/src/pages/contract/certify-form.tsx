/** Files the certificate that a consignee gave to the operator; the file itself is not sent. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components';
import { api, told, type Schemas } from '../../api.ts';
import { useWords } from '../../language.tsx';
import { Failure } from '../../pieces.tsx';
import type { Order } from './data.ts';
import { endingWords } from './ending-words.ts';

type Method = Schemas['DestructionMethod'];

async function sha256(file: File): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

interface Said {
  sha256: string;
  method: Method;
  destroyedOn: string;
}

export function CertifyForm({ of }: { of: Order }) {
  const words = useWords(endingWords).certify;
  const [said, setSaid] = useState<Said>({ sha256: '', method: 'erased', destroyedOn: '' });
  const queries = useQueryClient();
  const sending = useMutation({
    mutationFn: (signature: string) => {
      const body = { ...said, signature };
      const params = { path: { id: of.id } };
      return told(api.POST('/v1/destruction-orders/{id}/certificate', { params, body }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['destruction-orders'] }),
  });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const signature = new FormData(event.currentTarget).get('signature') as string;
    sending.mutate(signature.trim());
  };
  const isWhole = said.sha256 !== '' && said.destroyedOn !== '';
  return (
    <details className="certify">
      <summary>{words.open}</summary>
      <p className="quiet">{words.note}</p>
      <form onSubmit={send}>
        <Fields of={of} said={said} onSay={(more) => setSaid((one) => ({ ...one, ...more }))} />
        {isWhole && (
          <p>
            {words.over} <code>{JSON.stringify({ order: of.id, ...said })}</code>
          </p>
        )}
        <label>
          {words.signature}
          <textarea name="signature" required rows={4} spellCheck={false} autoComplete="off" />
        </label>
        {sending.error && <Failure error={sending.error} />}
        <Button type="submit" className="main" isDisabled={!isWhole || sending.isPending}>
          {words.send}
        </Button>
      </form>
    </details>
  );
}

/** What the certificate says, and what its signature is over. */
function Fields(props: { of: Order; said: Said; onSay: (more: Partial<Said>) => void }) {
  const { certify: words, orders } = useWords(endingWords);
  const { of, said, onSay } = props;
  const read = async (file: File | undefined) => onSay({ sha256: file ? await sha256(file) : '' });
  return (
    <>
      <label>
        {words.file}
        <input type="file" required onChange={({ target }) => void read(target.files?.[0])} />
      </label>
      <label>
        {words.method}
        <select
          value={said.method}
          onChange={({ target }) => onSay({ method: target.value as Method })}
        >
          {Object.entries(orders.methods).map(([method, name]) => (
            <option key={method} value={method}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.destroyedOn}
        <input
          type="date"
          required
          min={of.endedOn}
          value={said.destroyedOn}
          onChange={({ target }) => onSay({ destroyedOn: target.value })}
        />
      </label>
    </>
  );
}
