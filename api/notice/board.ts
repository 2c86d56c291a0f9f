/** Makes the notice and its pages once for each state, however often they are asked for. */
import { createHash } from 'node:crypto';
import type { Agreements } from '#src/agreements/load.ts';
import type { NoticeStanding } from '#src/agreements/notice-life.ts';
import { notice, type Notice } from '#src/agreements/notice.ts';
import type { Language } from '../problem.ts';
import { noticePage } from './page.ts';

/** A text as it is sent, and the strong `ETag` of exactly these bytes. */
export interface Sheet {
  text: string;
  etag: string;
}

/** The notice of one state of things. */
export interface Posted {
  notice: Notice;
  /** The notice's own `ETag`, as JSON. */
  etag: string;
  page(language: Language): Sheet;
}

export interface Board {
  /** The notice as it stands now: the same object while nothing changes. */
  current(): Posted;
}

/** How long anybody may keep a notice: five minutes, in which days and contracts can change. */
export const noticeCaching = 'public, max-age=300';

/** A text with the `ETag` that its bytes have. */
export function sheetOf(text: string): Sheet {
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 32)}"` };
}

function post(made: Notice, etag: string): Posted {
  const pages = new Map<Language, Sheet>();
  return {
    ...{ notice: made, etag },
    page(language) {
      const sheet = pages.get(language) ?? sheetOf(noticePage(made, language));
      pages.set(language, sheet);
      return sheet;
    },
  };
}

/**
 * @param deps.standing what has become of contracts; another object may say the same
 * @param deps.clock whose `today` is the Seoul day by PostgreSQL's clock
 */
export function createBoard(deps: {
  agreements: Agreements;
  standing: { current(): NoticeStanding };
  clock: { today(): string };
}): Board {
  let kept: { standing: NoticeStanding; today: string; posted: Posted } | undefined;
  return {
    current() {
      const [standing, today] = [deps.standing.current(), deps.clock.today()];
      if (kept?.standing === standing && kept.today === today) return kept.posted;
      const made = notice(deps.agreements, standing, today);
      const { etag } = sheetOf(JSON.stringify(made));
      // The standing is read anew each second and nearly always says what it said before.
      const posted = kept?.posted.etag === etag ? kept.posted : post(made, etag);
      kept = { standing, today, posted };
      return posted;
    },
  };
}
