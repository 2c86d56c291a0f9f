/** What can be wrong with the way a receiver is pushed to; no URL and no secret is repeated. */
import { say } from './said.ts';

export const pushSentences = {
  'push.no-url': (name: string) =>
    say(
      [`${name} is not a URL`, 'give https://…'],
      [`${name}: 주소(URL)가 아닙니다`, 'https://…로 쓰십시오'],
    ),
  'push.credentials': (name: string) =>
    say(
      [`${name} holds a user name or password`, 'use push.basic instead'],
      [`${name}: 사용자 이름이나 비밀번호가 있습니다`, 'push.basic을 쓰십시오'],
    ),
  'push.fragment': (name: string) =>
    say(
      [`${name} holds a fragment (#…)`, 'remove it'],
      [`${name}: # 뒤의 부분이 있습니다`, '지우십시오'],
    ),
  'push.in-clear': (name: string, loopback: string) =>
    say(
      [`${name} is not https`, `use https, or http to ${loopback}`],
      [`${name}: https가 아닙니다`, `https를 쓰십시오(http는 ${loopback}에만)`],
    ),
  'push.host-form': (name: string) =>
    say(
      [
        `${name} writes its host in an unusual form`,
        'give a name (xn--… where it is not ASCII) without a trailing dot, or an address such as 192.0.2.1 or [2001:db8::1]',
      ],
      [
        `${name}: 호스트의 표기가 일반적이지 않습니다`,
        '끝에 점이 없는 이름(ASCII가 아니면 xn--…)이나 192.0.2.1, [2001:db8::1] 같은 주소를 쓰십시오',
      ],
    ),
  'push.address': (name: string) =>
    say(
      [
        `${name} leads to an address that is not public`,
        'list its network in push.allowedNetworks',
      ],
      [`${name}: 공개 주소가 아닙니다`, '그 네트워크를 push.allowedNetworks에 적으십시오'],
    ),
  'push.network': (index: number) =>
    say(
      [
        `push.allowedNetworks[${index}] is no network that can be listed`,
        'give one such as 10.20.0.0/16 or fd12::/48, /8 (IPv6: /7) at the widest, and no loopback',
      ],
      [
        `push.allowedNetworks[${index}]: 적을 수 있는 네트워크가 아닙니다`,
        '10.20.0.0/16, fd12::/48처럼 쓰십시오(가장 넓게 /8, IPv6는 /7. 루프백은 안 됨)',
      ],
    ),
  'push.signing': (several: boolean) =>
    say(
      [
        several ? 'push is signed in several ways' : 'push is not signed',
        'give one of webhookSecret, webhookSecrets, signingKey',
      ],
      [
        several ? 'push: 서명 방법이 여럿입니다' : 'push: 서명 방법이 없습니다',
        'webhookSecret, webhookSecrets, signingKey 중 하나를 쓰십시오',
      ],
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
  'push.same-secrets': () =>
    say(
      ['push.webhookSecrets holds one secret twice', 'give the new secret first, then the old one'],
      ['push.webhookSecrets: 같은 값이 둘입니다', '새 값을 먼저, 이전 값을 다음에 쓰십시오'],
    ),
  'push.signing-key': (reference: string) =>
    say(
      [
        `${reference} is no Ed25519 private key`,
        'use whsk_ and base64 of its 32-byte seed, PKCS #8 in PEM, or a JWK',
      ],
      [
        `${reference}은(는) Ed25519 개인키가 아닙니다`,
        'whsk_와 32바이트 시드의 base64, PEM의 PKCS #8, JWK 중 하나를 쓰십시오',
      ],
    ),
  'push.several-credentials': () =>
    say(
      ['push has several credentials', 'give one of bearerToken, basic, oauth2'],
      ['push: 인증 방법이 여럿입니다', 'bearerToken, basic, oauth2 중 하나만 쓰십시오'],
    ),
  'push.bearer-token': (reference: string) =>
    say(
      [`${reference} is no bearer token`, 'use visible ASCII without spaces'],
      [`${reference}은(는) 토큰이 아닙니다`, '공백 없는 ASCII 문자를 쓰십시오'],
    ),
  'push.credential': (name: string) =>
    say(
      [
        `${name} cannot be sent as a credential`,
        'use no control characters, no colon in a user name, and ASCII with oauth2',
      ],
      [
        `${name}은(는) 인증 값으로 보낼 수 없습니다`,
        '제어 문자, 사용자 이름의 콜론은 안 되고 oauth2에는 ASCII만 쓰십시오',
      ],
    ),
  'push.certificate': (reference: string) =>
    say(
      [`${reference} is no certificate`, 'use PEM, and nothing else in it'],
      [`${reference}은(는) 인증서가 아닙니다`, '인증서만 들어 있는 PEM을 쓰십시오'],
    ),
  'push.private-key': (reference: string) =>
    say(
      [`${reference} is no private key`, 'use PEM without a passphrase'],
      [`${reference}은(는) 개인키가 아닙니다`, '암호를 걸지 않은 PEM을 쓰십시오'],
    ),
  'push.key-of-another': () =>
    say(
      ['push.tls.key is not of push.tls.certificate', 'give the pair'],
      ['push.tls.key가 push.tls.certificate의 키가 아닙니다', '서로 짝이 되는 것을 쓰십시오'],
    ),
};
