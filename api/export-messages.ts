/** What those are told who take records away. */
import { say } from './message.ts';

export const exportMessages = {
  REASON_IN_URL: say(
    'The reason may name a person, and must not stand in a URL',
    'Send it in the body instead: POST to the same path, with the member reason. URLs are kept by ' +
      'browsers and proxies; a reason in a query holds no numbers of six digits or more, no ' +
      'addresses and no names.',
    '사유에 개인을 알아볼 수 있는 내용이 있을 수 있어 URL에 둘 수 없습니다',
    '같은 경로에 POST로, 본문의 reason에 담아 보내십시오. URL은 브라우저와 프록시에 ' +
      '남으므로 쿼리의 사유에는 여섯 자리 이상의 숫자, 전자우편 주소, 이름을 쓸 수 없습니다.',
  ),
};
