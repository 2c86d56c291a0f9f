/** What can be wrong with the file of those who are told of events. */
import { say } from './said.ts';

export const subscriberSentences = {
  'subscriber.twice': (client: string) =>
    say(
      [`"${client}" is listed twice`, 'list each client once, with all its events'],
      [`"${client}"이(가) 두 번 있습니다`, '클라이언트마다 한 번, 모든 이벤트와 함께 쓰십시오'],
    ),
};
