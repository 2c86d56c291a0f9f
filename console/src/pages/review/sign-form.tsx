/** The conclusion and the signature; whatever goes wrong, nothing that was typed is lost. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Button, Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { api, isRefused, told, type Schemas } from '../../api.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Card, Failure } from '../../pieces.tsx';
import type { Writing } from './anomalies.tsx';
import { composed } from './findings.ts';
import { reviewWords } from './words.ts';

interface SignFormProps extends Writing {
  of: Schemas['Review'];
  drop: () => void;
  /** It was counted anew while this was written. */
  isRenewed: boolean;
  onAgain: () => Promise<unknown>;
}

const lengthMax = 8_000;

function useSigning({ of, draft, drop }: Omit<SignFormProps, 'change'>, findings: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => {
      const { period, summary } = of;
      const measures = draft.measures.trim();
      const body = { period, summary: summary ?? '', findings, measures };
      return told(api.POST('/v1/audit/reviews', { body }));
    },
    gcTime: 0,
    onSuccess: async () => {
      drop();
      await queries.invalidateQueries({ queryKey: ['reviews'] });
      await queries.invalidateQueries({ queryKey: ['review', of.period] });
    },
  });
}

export function SignForm({ change, ...props }: SignFormProps) {
  const { of, draft, isRenewed, onAgain } = props;
  const { number } = useLanguage();
  const words = useWords(reviewWords);
  const [asks, setAsks] = useState(false);
  const findings = composed(of.anomalies, draft, words);
  const isTooLong = findings.length > lengthMax;
  const signing = useSigning(props, findings);
  const ask = (event: FormEvent) => {
    event.preventDefault();
    if (!isTooLong) setAsks(true);
  };
  return (
    <Card title={words.conclude}>
      {isRenewed && !signing.error && (
        <p className="good" role="status">
          {words.renewed}
        </p>
      )}
      <p className="quiet">{words.kept}</p>
      <form id="sign" className="writing" onSubmit={ask}>
        {(['conclusion', 'measures'] as const).map((name) => (
          <label key={name}>
            {words[name]}
            <textarea
              required
              rows={2}
              name={name}
              maxLength={lengthMax}
              value={draft[name]}
              onChange={(event) => change({ [name]: event.target.value })}
            />
          </label>
        ))}
        {isTooLong && (
          <p className="bad" role="alert">
            {words.tooLong(number(findings.length))}
          </p>
        )}
        <Button type="submit" className="main" isDisabled={signing.isPending}>
          {words.sign}
        </Button>
      </form>
      {signing.error && (
        <NotSigned
          error={signing.error}
          onAgain={() => void onAgain().then(() => signing.reset())}
        />
      )}
      <Ask
        {...{ isOpen: asks, isPending: signing.isPending, count: of.anomalies.length }}
        onClose={() => setAsks(false)}
        onSign={() => signing.mutate(undefined, { onSettled: () => setAsks(false) })}
      />
    </Card>
  );
}

interface AskProps {
  isOpen: boolean;
  isPending: boolean;
  count: number;
  onClose: () => void;
  onSign: () => void;
}

function Ask({ isOpen, isPending, count, onClose, onSign }: AskProps) {
  const { say, number } = useLanguage();
  const words = useWords(reviewWords);
  return (
    <ModalOverlay className="over" isOpen={isOpen} onOpenChange={onClose} isDismissable>
      <Modal className="modal">
        <Dialog>
          <Heading slot="title">{words.sign}</Heading>
          <p>{words.signing(number(count))}</p>
          <div className="buttons">
            <Button className="main" isDisabled={isPending} onPress={onSign}>
              {words.sign}
            </Button>
            <Button onPress={onClose}>{say.cancel}</Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

function NotSigned({ error, onAgain }: { error: Error; onAgain: () => void }) {
  const words = useWords(reviewWords);
  const isChanged = isRefused(error) && error.code === 'REVIEW_CHANGED';
  if (isChanged || !isRefused(error)) {
    return (
      <div className="failure" role="alert">
        <p>{isChanged ? words.changed : words.notSent}</p>
        {isChanged ? (
          <Button onPress={onAgain}>{words.load}</Button>
        ) : (
          <a href="/console/reviews" target="_blank" rel="noreferrer">
            {words.otherTab}
          </a>
        )}
      </div>
    );
  }
  return <Failure error={error} onAgain={onAgain} />;
}
