/**
 * Writes the text of a contract version to be filled in: the next one after the last, or a first
 * one. What a person must write is marked, so that no gateway starts before it is written.
 */
import { isMap, isScalar, parseDocument, type Document, type Scalar, type YAMLMap } from 'yaml';
import type { Words } from '#src/base/words.ts';
import { placeholder } from './placeholder.ts';

const clauses: Readonly<Record<string, Words>> = {
  noOtherPurpose: {
    en: 'the data are processed for this work and for nothing else',
    ko: '위탁업무 수행 목적 외에는 처리하지 않음',
  },
  safeguards: {
    en: 'technical and managerial safeguards, such as encryption and access records',
    ko: '암호화, 접속기록 보관 등 기술적·관리적 보호조치',
  },
  purposeAndScope: {
    en: 'the purpose and the scope of the work',
    ko: '위탁업무의 목적과 범위',
  },
  reconsignment: {
    en: 'the work is passed on to others only with written consent',
    ko: '서면 동의 없는 재위탁의 제한',
  },
  accessLimits: {
    en: 'who has access, and how the data are kept safe',
    ko: '접근 제한 등 안전성 확보 조치',
  },
  supervision: {
    en: 'how the clinic trains the consignee and inspects it',
    ko: '교육과 관리 현황 점검 등 감독',
  },
  liability: {
    en: 'who answers for damage when duties are broken',
    ko: '의무 위반 시 손해배상 등 책임',
  },
};

const reason: Words = {
  en: 'why this version replaces the one before, in one sentence; the notice shows it',
  ko: '앞 버전을 바꾸는 까닭을 한 문장으로(공개문에 실림)',
};
const documentFile = 'the file name of the signed paper / 서명된 계약서의 파일 이름';
const documentDigest = 'its SHA-256 (sha256sum FILE) / 그 파일의 SHA-256';

function open(words: Words): Words {
  return { en: placeholder(words.en), ko: placeholder(words.ko) };
}

/** Replaces the comment that stands before a key of the file. */
function comment(map: YAMLMap, key: string, text: string): void {
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair) (pair.key as Scalar).commentBefore = text;
}

function write(doc: Document): string {
  // long sentences stay on one line, as people write them
  return doc.toString({ lineWidth: 0, singleQuote: true });
}

/**
 * The next version's text, from that of the last one: everything is carried over, comments too,
 * but what was true of the last version only.
 *
 * @param input.validFrom Seoul calendar date, later than that of the last version
 * @returns undefined when the last version's text cannot be read
 */
export function nextVersionText(input: {
  last: string;
  version: number;
  validFrom: string;
}): string | undefined {
  const { last, version, validFrom } = input;
  // what a file says of its successor names it
  const carried = last.replace(`a change is v${version}.yaml`, `a change is v${version + 1}.yaml`);
  const doc = parseDocument(carried, { version: '1.2', schema: 'core' });
  const map: unknown = doc.contents;
  if (doc.errors.length > 0 || !isMap(map)) return undefined;
  doc.set('version', version);
  doc.set('validFrom', validFrom);
  const until = doc.get('validUntil');
  if (typeof until === 'string' && until < validFrom) doc.set('validUntil', null);
  doc.delete('reason');
  const after = map.items.findIndex((item) => isScalar(item.key) && item.key.value === 'version');
  map.items.splice(after + 1, 0, doc.createPair('reason', open(reason)));
  doc.set(
    'document',
    doc.createNode({ file: placeholder(documentFile), sha256: placeholder(documentDigest) }),
  );
  comment(map, 'document', ' The signed paper of this version, kept beside this file.');
  return write(doc);
}

const heading = [
  ' yaml-language-server: $schema=../contract.schema.json',
  ' What may leave for this consignee, and nothing else. Registered versions never change;',
  ' a change is v2.yaml.',
].join('\n');

const itemsComment = [
  ' Codes of the data dictionary. Add pins: { date: { en: …, ko: … } } to say which day is meant,',
  ' and likewise for contactInformation and otherData.',
].join('\n');

/** A first version's text for a new consignee, in which nearly everything must be written. */
export function firstVersionText(input: {
  consignee: string;
  dictionary: number;
  validFrom: string;
}): string {
  const one = (en: string, ko: string) => open({ en, ko });
  const doc = parseDocument('', { version: '1.2', schema: 'core' });
  doc.contents = doc.createNode({
    consignee: input.consignee,
    version: 1,
    dictionary: input.dictionary,
    work: one('the outsourced work, as the notice shows it', '공개할 위탁 업무의 내용'),
    purpose: one('what the data may be used for', '개인정보를 쓸 수 있는 목적'),
    subject: placeholder('patient, practitioner, member or visitor / 환자, 의료인, 회원, 방문자'),
    items: [{ item: placeholder('a code of the dictionary / 항목 사전의 코드'), required: true }],
    returns: [],
    validFrom: input.validFrom,
    validUntil: null,
    retention: { text: one('how long the consignee keeps the data', '수탁자의 보유 기간') },
    clauses: Object.fromEntries(Object.entries(clauses).map(([name, text]) => [name, open(text)])),
    document: { file: placeholder(documentFile), sha256: placeholder(documentDigest) },
  }) as unknown as typeof doc.contents;
  doc.commentBefore = heading;
  if (isMap(doc.contents)) comment(doc.contents, 'items', itemsComment);
  return write(doc);
}
