/** What a search is told that asks for what there cannot be. */
import { say } from './message.ts';

/** Facts: `filter`, the filter's name; `nearest`, a dictionary code. */
export const searchMessages = {
  UNKNOWN_FILTER_VALUE: say(
    'No dictionary knows the item that is asked for',
    'Name an item of the data dictionary[ in the filter {filter}].[ The nearest is {nearest}.]',
    '데이터 사전에 없는 항목으로 검색했습니다',
    '[{filter} 필터에는 ]데이터 사전의 항목을 적으십시오.[ 가장 비슷한 항목: {nearest}.]',
  ),
};
