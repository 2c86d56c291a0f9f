/** Saves a transfer's evidence file: for a reason, which is in the entry that it leaves. */
import { api, told } from '../../api.ts';
import { download } from '../../download.ts';
import { useWords } from '../../language.tsx';
import { ReasonForm } from '../../reason-form.tsx';
import { transferWords } from './words.ts';

export function EvidenceForm({ id }: { id: string }) {
  const words = useWords(transferWords);
  const save = async (reason: string) => {
    const params = { path: { id } };
    const file = await told(
      api.POST('/v1/audit/transfers/{id}/evidence', { params, body: { reason } }),
    );
    download(JSON.stringify(file), `waybill-evidence-${id}.json`, 'application/json');
  };
  return (
    <>
      <ReasonForm action={words.evidence} onSend={save} />
      <p className="quiet">{words.evidenceNote}</p>
    </>
  );
}
