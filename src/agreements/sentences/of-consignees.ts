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
  'push.no-url': () =>
    say(
      ['push.url is not a URL', 'give https://…'],
      ['push.url이 주소(URL)가 아닙니다', 'https://…로 쓰십시오'],
    ),
  'push.credentials': () =>
    say(
      ['push.url holds a user name or password', 'use bearerToken instead'],
      ['push.url에 사용자 이름이나 비밀번호가 있습니다', 'bearerToken을 쓰십시오'],
    ),
  'push.fragment': () =>
    say(
      ['push.url holds a fragment (#…)', 'remove it'],
      ['push.url에 # 뒤의 부분이 있습니다', '지우십시오'],
    ),
  'push.in-clear': (loopback: string) =>
    say(
      ['push.url is not https', `use https, or http to ${loopback}`],
      ['push.url이 https가 아닙니다', `https를 쓰십시오(http는 ${loopback}에만)`],
    ),
  'push.webhook-secret': (reference: string, bytesMin: number, bytesMax: number) =>
    say(
      [
        `${reference} is no webhook secret`,
        `use whsec_ and base64 of ${bytesMin} to ${bytesMax} bytes`,
      ],
      [
        `${reference}은(는) 웹훅 비밀 값이 아닙니다`,
        `whsec_와 ${bytesMin}~${bytesMax}바이트의 base64를 쓰십시오`,
      ],
    ),
  'push.bearer-token': (reference: string) =>
    say(
      [`${reference} is no bearer token`, 'use visible ASCII without spaces'],
      [`${reference}은(는) 토큰이 아닙니다`, '공백 없는 ASCII 문자를 쓰십시오'],
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
