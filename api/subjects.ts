/** Operations of the EMR and the operator about a person who says stop. */
import type { Gateway } from '#src/gateway.ts';
import { resume, suspend } from '#src/transfers/suspend.ts';
import { actorOf } from './caller.ts';
import type { Handlers } from './handler.ts';

type SubjectOperation = 'suspendSubject' | 'resumeSubject';

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
  };
}
