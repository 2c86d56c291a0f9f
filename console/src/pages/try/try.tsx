/** What each consignee would receive of a record: asked, shown, and kept nowhere. */
import './try.css';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Button } from 'react-aria-components';
import { api, told } from '../../api.ts';
import { useConsignees } from '../../consignees.ts';
import { useLanguage, useWords } from '../../language.tsx';
import { Answer, Failure } from '../../pieces.tsx';
import {
  askAll,
  type Ask,
  idIn,
  isObject,
  recordOfOrder,
  type JsonObject,
  type Kind,
} from './asking.ts';
import { ChooseConsignees } from './choose-consignees.tsx';
import { jsonFault } from './json.ts';
import { Outcomes } from './outcomes.tsx';
import { RecordField } from './record-field.tsx';
import { tryWords } from './words.ts';

type TryWords = (typeof tryWords)['en'];

/** Whose data each contract in force is about, as the published list says. */
const useSubjects = () =>
  useQuery({
    queryKey: ['notice', 'subjects'],
    queryFn: async () => {
      const { consignees } = await told(api.GET('/v1/notice'));
      return new Map(consignees.map(({ consignee, subject }) => [consignee, subject]));
    },
    staleTime: 60_000,
  });

export function Try() {
  const words = useWords(tryWords);
  const { number } = useLanguage();
  const [text, setText] = useState('');
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [wrong, setWrong] = useState<string | null>(null);
  const consignees = useConsignees();
  const subjects = useSubjects();
  const asking = useAsking();
  const change = (next: string) => {
    setText(next);
    setWrong(null);
    asking.reset();
  };
  const chosen = (consignees.data?.items ?? []).filter(({ id }) => !left.has(id));
  const run = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const read = recordIn(text, words);
    const fault = 'fault' in read ? read.fault : chosen.length === 0 ? words.nobody : null;
    setWrong(fault);
    if ('fault' in read || fault !== null) return;
    const said = fields.get('kind') as Kind | '';
    const id = fields.get('id') as string;
    const asks = chosen.map(({ id: consignee }) => {
      const kind = said === '' ? (subjects.data?.get(consignee) ?? 'patient') : said;
      return { consignee, subject: { kind, id: id === '' ? idIn(read.record, kind) : id } };
    });
    asking.mutate({ asks, record: read.record });
  };
  return (
    <>
      <h1>{words.title}</h1>
      <p className="quiet">{words.intro}</p>
      <form className="card try" onSubmit={run} autoComplete="off">
        <RecordField text={text} onChange={change} fault={wrong} />
        <Answer of={consignees}>
          {({ items }) => <ChooseConsignees all={items} left={left} onChange={setLeft} />}
        </Answer>
        <div className="buttons">
          <Button type="submit" className="main" isDisabled={asking.isPending}>
            {words.run}
          </Button>
          <span role="status" className="quiet">
            {asking.isPending && words.running(number(asking.done), number(chosen.length))}
          </span>
        </div>
      </form>
      {asking.error && <Failure error={asking.error} />}
      {asking.data && <Outcomes of={asking.data} />}
    </>
  );
}

interface Question {
  asks: readonly Ask[];
  record: JsonObject;
}

/** Stops asking, and forgets, when the page is left. */
function useAsking() {
  const [done, setDone] = useState(0);
  const stopping = useRef<AbortController | null>(null);
  useEffect(() => () => stopping.current?.abort(), []);
  const asking = useMutation({
    mutationFn: ({ asks, record }: Question) => {
      stopping.current = new AbortController();
      setDone(0);
      return askAll(asks, record, { onEach: setDone, signal: stopping.current.signal });
    },
    gcTime: 0,
  });
  return { ...asking, done };
}

function recordIn(text: string, words: TryWords): { record: JsonObject } | { fault: string } {
  const fault = jsonFault(text);
  if (fault) return { fault: words.fault(fault.line, fault.column) + words.faults[fault.kind] };
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) return { fault: words.notObject };
  return { record: recordOfOrder(value) ?? value };
}
