/** Operations of reviewers: which periods there are, what happened in one, and their signature. */
import type { Gateway } from '#src/gateway.ts';
import { recordRead } from '#src/oversight/record-read.ts';
import { listReviews, openReview } from '#src/oversight/review.ts';
import { signReview } from '#src/oversight/review-sign.ts';
import { reviewView } from '#src/oversight/review-view.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';

type ReviewOperation = 'listReviews' | 'getReview' | 'signReview';

export function reviewHandlers(gateway: Gateway): Pick<Handlers, ReviewOperation> {
  return {
    async listReviews() {
      const { cycle } = gateway.reviewing;
      return { status: 200, body: { cycle, items: await listReviews(gateway) } };
    },
    async getReview(request) {
      const { period } = request.path;
      const opened = await openReview(gateway, period);
      await recordRead(gateway, { actor: actorOf(request), query: { what: 'review', period } });
      return { status: 200, body: await reviewView(gateway, opened) };
    },
    async signReview(request) {
      const signing = { actor: actorOf(request), said: request.body };
      return { status: 201, body: await signReview(gateway, signing) };
    },
  };
}
