/** What a field for a day takes, and that a period ends after it begins. */

/** A year of six digits is a slip of the keyboard. */
export const days = { min: '2000-01-01', max: '2099-12-31' } as const;

/** True where the form's `from` is after its `to`; the field says so by itself. */
export function isBackward(form: HTMLFormElement, words: string): boolean {
  const [from, to] = ['from', 'to'].map((name) => form.elements.namedItem(name));
  if (!(from instanceof HTMLInputElement) || !(to instanceof HTMLInputElement)) return false;
  const backward = from.value !== '' && to.value !== '' && from.value > to.value;
  to.setCustomValidity(backward ? words : '');
  to.addEventListener('input', () => to.setCustomValidity(''), { once: true });
  from.addEventListener('input', () => to.setCustomValidity(''), { once: true });
  return backward && !to.reportValidity();
}
