/** The data dictionary, and who may have which of its items, for staff. */
import type { Gateway } from '#src/gateway.ts';
import { contractMatrix, dictionaryInForce, namedItems } from '#src/oversight/matrix.ts';
import type { Handlers } from './handler.ts';

const daysDefault = 90;

export function matrixHandlers(gateway: Gateway): Pick<Handlers, 'listItems' | 'getMatrix'> {
  return {
    listItems() {
      const dictionary = dictionaryInForce(gateway);
      const items = namedItems(dictionary);
      return { status: 200, body: { version: dictionary?.version ?? 0, items, next: null } };
    },
    async getMatrix({ query }) {
      return { status: 200, body: await contractMatrix(gateway, query.days ?? daysDefault) };
    },
  };
}
