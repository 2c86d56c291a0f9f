/** Operations about one person: they say stop, or what is kept of them is destroyed. */
import type { Gateway } from '#src/gateway.ts';
import { eraseSubject } from '#src/oversight/erase.ts';
import { resume, suspend } from '#src/transfers/suspend.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';

type SubjectOperation = 'suspendSubject' | 'resumeSubject' | 'eraseSubject';

export function subjectHandlers(gateway: Gateway): Pick<Handlers, SubjectOperation> {
  return {
    async suspendSubject(request) {
      const asked = { ...request.body, actor: actorOf(request) };
      return { status: 200, body: await suspend(gateway, asked) };
    },
    async resumeSubject(request) {
      const asked = { ...request.body, actor: actorOf(request) };
      return { status: 200, body: await resume(gateway, asked) };
    },
    async eraseSubject(request) {
      const asked = { ...request.body, actor: actorOf(request) };
      return { status: 200, body: await eraseSubject(gateway, asked) };
    },
  };
}
