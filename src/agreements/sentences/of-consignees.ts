/** What can be wrong with a consignee's or the clinic's file, and with the keys that they list. */
import { laws } from '../laws.ts';
import { say, sayOf, type Said } from './said.ts';

export const consigneeSentences = {
  'consignee.id': (id: string) =>
    say(
      [`id is not "${id}"`, "it must be the file's name"],
      [`id가 "${id}"이(가) 아닙니다`, '파일 이름과 같아야 합니다'],
    ),
  'consignee.no-contract': (id: string) =>
    say(
      [`consignee "${id}" has no contract`, `add contracts/${id}/v1.yaml or remove it`],
      [
        `수탁자 "${id}"의 계약이 없습니다`,
        `contracts/${id}/v1.yaml을 추가하거나 이 파일을 지우십시오`,
      ],
      laws.written,
    ),
  'secret.unresolved': (reference: string, fault: string) =>
    say(
      [`${reference} cannot be resolved`, fault],
      [`${reference}을(를) 찾을 수 없습니다`, `그 이름의 환경 변수나 파일을 두십시오(${fault})`],
    ),
  'key.unsuitable': (name: string, said: Said) => sayOf(name, said),
  'key.shared': (name: string) =>
    say(
      [
        `${name} is also a signing key of the clinic`,
        'give the consignee a key of its own: whoever holds one key would sign for both',
      ],
      [
        `${name}: 병원의 서명 키와 같습니다`,
        '수탁자만의 키를 쓰십시오. 키 하나로 양쪽의 서명을 할 수 있게 됩니다',
      ],
    ),
};
