/** What can be wrong with a contract version or the dictionary that it pins. */
import { laws } from '../laws.ts';
import { say, type Said } from './said.ts';

export const contractSentences = {
  'contract.consignee': (consignee: string) =>
    say(
      [`consignee is not "${consignee}"`, 'it must be named as its folder'],
      [`consignee가 "${consignee}"이(가) 아닙니다`, '폴더 이름과 같아야 합니다'],
    ),
  'contract.version': (version: number) =>
    say(
      [`version is not ${version}`, "it must be the number in the file's name"],
      [`version이 ${version}이(가) 아닙니다`, '파일 이름의 번호와 같아야 합니다'],
    ),
  'contract.dictionary': (version: number, known: string) =>
    say(
      [`dictionary v${version} does not exist`, `there is ${known}`],
      [`항목 사전 v${version}이(가) 없습니다`, `있는 버전: ${known}`],
    ),
  'contract.no-consignee-file': (consignee: string) =>
    say(
      [`consignee "${consignee}" has no file`, `add ${consignee}.yaml for it`],
      [`수탁자 "${consignee}"의 파일이 없습니다`, `${consignee}.yaml을 추가하십시오`],
    ),
  'contract.not-later': (previous: number) =>
    say(
      [`validFrom is not after that of v${previous}`, 'give a later day'],
      [`validFrom이 v${previous}의 validFrom보다 늦지 않습니다`, '더 늦은 날짜를 쓰십시오'],
    ),
  'item.never-shared': (code: string) =>
    say(
      [`"${code}" may never be shared`, 'remove it'],
      [`"${code}"은(는) 어떤 계약으로도 제공할 수 없습니다`, '지우십시오'],
      laws.neverShared,
    ),
  'item.unknown': (code: string, dictionary: number, meant: string | undefined) =>
    say(
      [
        `"${code}" is not in dictionary v${dictionary}`,
        meant ? `did you mean "${meant}"?` : 'use a code of the dictionary',
      ],
      [
        `"${code}"은(는) 항목 사전 v${dictionary}에 없습니다`,
        meant ? `"${meant}"을(를) 뜻합니까?` : '사전에 있는 코드를 쓰십시오',
      ],
    ),
  'item.twice': (code: string) =>
    say(
      [`"${code}" is listed twice`, 'keep one'],
      [`"${code}"이(가) 두 번 적혀 있습니다`, '하나만 남기십시오'],
    ),
  'item.comes-back': (code: string) =>
    say(
      [`"${code}" comes back and never leaves`, 'list it under returns'],
      [`"${code}"은(는) 회신받는 항목이며 나가지 않습니다`, 'returns 아래에 적으십시오'],
    ),
  'item.leaves': (code: string) =>
    say(
      [`"${code}" leaves and never comes back`, 'list it under items'],
      [`"${code}"은(는) 나가는 항목이며 회신받지 않습니다`, 'items 아래에 적으십시오'],
    ),
  'item.not-pinned': (code: string) =>
    say(
      [
        `"${code}" leaves open what is meant`,
        `say what it means here under pins: { ${code}: { en: …, ko: … } }`,
      ],
      [
        `"${code}"만으로는 무엇을 뜻하는지 알 수 없습니다`,
        `pins: { ${code}: { en: …, ko: … } }에 이 계약에서의 뜻을 적으십시오`,
      ],
      laws.published,
    ),
  'pin.without-item': (code: string) =>
    say(
      [`"${code}" is pinned but not contracted`, 'remove it or list the item'],
      [`"${code}"은(는) pins에 있으나 계약 항목이 아닙니다`, '지우거나 items에 적으십시오'],
    ),
  'legal-basis.without-item': (code: string) =>
    say(
      [`"${code}" has a legal basis but is not contracted`, 'remove it'],
      [`"${code}"은(는) 법적 근거가 있으나 계약 항목이 아닙니다`, '지우십시오'],
      laws.registrationNumber,
    ),
  'legal-basis.not-needed': (code: string) =>
    say(
      [`"${code}" is no unique identifier and needs no legal basis`, 'remove it'],
      [`"${code}"은(는) 고유식별정보가 아니어서 법적 근거가 필요 없습니다`, '지우십시오'],
      laws.registrationNumber,
    ),
  'legal-basis.twice': (code: string) =>
    say(
      [`"${code}" has two legal bases`, 'join them in one'],
      [`"${code}"의 법적 근거가 둘입니다`, '하나로 합치십시오'],
      laws.registrationNumber,
    ),
  'date.valid-from': () =>
    say(
      ['validFrom is no day that exists', 'give a real date, YYYY-MM-DD'],
      ['validFrom이 달력에 없는 날입니다', '실제 날짜를 YYYY-MM-DD로 쓰십시오'],
    ),
  'date.valid-until': () =>
    say(
      ['validUntil is no day that exists', 'give a real date, or null'],
      ['validUntil이 달력에 없는 날입니다', '실제 날짜 또는 null을 쓰십시오'],
    ),
  'date.order': () =>
    say(
      ['validUntil lies before validFrom', 'give a later day, or null'],
      ['validUntil이 validFrom보다 앞섭니다', '더 늦은 날짜 또는 null을 쓰십시오'],
    ),
  'sub-consignee.twice': (code: string) =>
    say(
      [`"${code}" is passed on twice`, 'keep one'],
      [`재위탁 항목 "${code}"이(가) 두 번 적혀 있습니다`, '하나만 남기십시오'],
    ),
  'sub-consignee.item': (code: string) =>
    say(
      [`"${code}" is passed on but is no item of this contract`, 'remove it'],
      [`재위탁 항목 "${code}"은(는) 이 계약의 항목이 아닙니다`, '지우십시오'],
      laws.passedOn,
    ),
  'sub-consignee.consent': () =>
    say(
      ['consentedOn is no day that exists', 'give the day of the written consent, YYYY-MM-DD'],
      ['consentedOn이 달력에 없는 날입니다', '재위탁에 서면으로 동의한 날을 YYYY-MM-DD로 쓰십시오'],
      laws.passedOn,
    ),
  'dictionary.version': (version: number) =>
    say(
      [`version is not ${version}`, 'as in its name'],
      [`version이 ${version}이(가) 아닙니다`, '파일 이름과 같아야 합니다'],
    ),
  'dictionary.never-shared': (code: string) =>
    say(
      [`item "${code}" may never be shared`, 'remove it'],
      [`항목 "${code}"은(는) 제공할 수 없습니다`, '지우십시오'],
      laws.neverShared,
    ),
  'dictionary.direction': (code: string) =>
    say(
      [`item "${code}" mixes up directions`, 'class: returned goes with at: result'],
      [`항목 "${code}"의 방향이 맞지 않습니다`, 'class: returned는 at: result와 함께 씁니다'],
    ),
  'dictionary.in-clear': (code: string) =>
    say(
      [`item "${code}" is a unique identifier in clear`, 'add encrypted: true'],
      [`고유식별정보 항목 "${code}"이(가) 암호화되지 않습니다`, 'encrypted: true를 추가하십시오'],
      laws.encryption,
    ),
  'dictionary.encrypted-place': (code: string) =>
    say(
      [`item "${code}" cannot travel encrypted there`, 'encrypted needs at: record'],
      [`항목 "${code}"은(는) 그 자리에서 암호화할 수 없습니다`, 'at: record여야 합니다'],
    ),
  'dictionary.twice': (code: string) =>
    say(
      [`item "${code}" is defined twice`, 'keep one'],
      [`항목 "${code}"이(가) 두 번 정의되어 있습니다`, '하나만 남기십시오'],
    ),
  'dictionary.schema': (code: string, { what, right, law }: Said) =>
    say(
      [`the schema of "${code}" has ${what.en}`, right.en],
      [`"${code}"의 스키마에 문제가 있습니다: ${what.ko}`, right.ko],
      law,
    ),
};
