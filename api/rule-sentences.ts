/** What can be wrong with one place of a request, as a sentence in both languages. */
import type { FieldRule, Words } from '#src/base/words.ts';

/** What is wrong with one place of a request. */
export const ruleSentences: Readonly<Record<FieldRule, Words>> = {
  required: { en: 'This member is missing.', ko: '필수 항목이 없습니다.' },
  type: { en: 'This is not of the right JSON type.', ko: 'JSON 자료형이 올바르지 않습니다.' },
  format: { en: 'This is not in the right form.', ko: '형식이 올바르지 않습니다.' },
  range: { en: 'This is not an allowed value.', ko: '허용된 범위의 값이 아닙니다.' },
  length: { en: 'This is too short or too long.', ko: '길이가 허용된 범위를 벗어납니다.' },
  unknown: { en: 'There is a member here that is not known.', ko: '알 수 없는 항목이 있습니다.' },
  notADate: { en: 'This day does not exist.', ko: '존재하지 않는 날짜입니다.' },
  inTheFuture: { en: 'This lies in the future.', ko: '미래의 날짜입니다.' },
  beforeBirth: { en: 'This lies before the birth date.', ko: '생년월일보다 앞선 날짜입니다.' },
  afterOrderDate: { en: 'This lies after the order date.', ko: '의뢰일보다 늦은 날짜입니다.' },
  disagrees: {
    en: 'This does not agree with another item of the record.',
    ko: '기록의 다른 항목과 일치하지 않습니다.',
  },
  looksLikeRegistrationNumber: {
    en: 'This looks like a resident registration number, which may not stand here.',
    ko: '주민등록번호로 보이는 값입니다. 이 항목에는 넣을 수 없습니다.',
  },
  holdsWithheldValue: {
    en: 'This text holds a value that the contract withholds.',
    ko: '계약에 따라 보낼 수 없는 값이 글 속에 들어 있습니다.',
  },
  mismatch: { en: 'This does not agree with subject.id.', ko: 'subject.id와 일치하지 않습니다.' },
  invalid: { en: 'This is not allowed here.', ko: '여기에는 허용되지 않습니다.' },
};
