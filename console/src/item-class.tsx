/** How carefully an item is handled: told by a shape, by a colour, and in words. */
import './item-class.css';
import type { Schemas } from './api.ts';
import { useWords } from './language.tsx';
import { inBoth } from './words/both.ts';

export type ItemClass = Schemas['ItemClass'];

/** The most delicate first. */
export const classes = [
  ...(['uniqueIdentifier', 'sensitiveHealth', 'video', 'member', 'general'] as const),
] satisfies ItemClass[];

export const classWords = inBoth<Readonly<Record<ItemClass, string>>>(
  {
    uniqueIdentifier: 'unique identifier',
    sensitiveHealth: 'sensitive (health)',
    video: 'video',
    member: 'website member',
    general: 'ordinary',
    returned: 'comes back',
  },
  {
    uniqueIdentifier: '고유식별정보',
    sensitiveHealth: '민감정보(건강)',
    video: '영상정보',
    member: '홈페이지 회원정보',
    general: '일반 개인정보',
    returned: '회신 정보',
  },
);

/** Diamond, cross, a film's triangle, square, disc; in a square of 16. */
const shapes: Readonly<Record<ItemClass, string>> = {
  uniqueIdentifier: 'M8 1 15 8 8 15 1 8Z',
  sensitiveHealth: 'M5.6 2h4.8v3.6H14v4.8h-3.6V14H5.6v-3.6H2V5.6h3.6Z',
  video: 'M3.5 2 14 8 3.5 14Z',
  member: 'M2.5 2.5h11v11h-11Z',
  general: 'M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2Z',
  returned: 'M8 2a6 6 0 1 1 0 12A6 6 0 1 1 8 2Z',
};

/** Full: required; a ring of it: optional. Says nothing to who listens: the words stand beside. */
export function Glyph({ of, isFull = true }: { of: ItemClass; isFull?: boolean }) {
  return (
    <svg className={`glyph ${isFull ? 'full' : 'ring'}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[of]} />
    </svg>
  );
}

export function ClassChip({ of }: { of: ItemClass }) {
  const words = useWords(classWords);
  return (
    <span className={`class-of ${of}`}>
      <Glyph of={of} /> {words[of]}
    </span>
  );
}
