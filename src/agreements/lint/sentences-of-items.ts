/** What the linter says of contracts that hold but ask for too much, or say too little. */
import type { Words } from '#src/base/words.ts';
import { laws } from '../laws.ts';
import { say } from '../sentences/said.ts';

/** Items, what they are for, and the laws behind them. */
export const itemDoubts = {
  'legal-basis.missing': (item: Words) =>
    say(
      [
        `${item.en} has no legal basis, so it is withheld from every record`,
        'name the statute that asks for it under legalBasis, or remove the item; ' +
          "the person's consent is no legal basis for it",
      ],
      [
        `${item.ko}의 법적 근거가 없어 모든 기록에서 제외됩니다`,
        'legalBasis에 처리를 요구하거나 허용하는 법령을 적거나 항목을 지우십시오. 정보주체의 동의는 근거가 되지 않습니다',
      ],
      laws.registrationNumber,
    ),
  'legal-basis.unconfirmed': (item: Words) =>
    say(
      [
        `the legal basis of ${item.en} is not confirmed, and the item leaves all the same`,
        'have counsel confirm statute and article and set confirmed: true in the next version, ' +
          'or remove the item',
      ],
      [
        `${item.ko}의 법적 근거가 확인되지 않았는데도 제공되고 있습니다`,
        '법률 검토로 법령과 조문을 확인해 다음 버전에서 confirmed: true로 하거나 항목을 지우십시오',
      ],
      laws.registrationNumber,
    ),
  'legal-basis.consent': (item: Words) =>
    say(
      [
        `the legal basis of ${item.en} speaks of consent, which is none for it`,
        'name the statute and article that ask for it, or remove the item',
      ],
      [
        `${item.ko}의 법적 근거로 동의를 들고 있으나 동의는 근거가 되지 않습니다`,
        '처리를 요구하거나 허용하는 법령과 조문을 적거나 항목을 지우십시오',
      ],
      laws.registrationNumber,
    ),
  'item.age-and-birth-date': () =>
    say(
      [
        'age and date of birth are both contracted, and the date of birth says the age',
        'keep the one that the work needs: age alone tells less of a person',
      ],
      [
        '나이와 생년월일이 모두 계약되어 있으나 생년월일로 나이를 알 수 있습니다',
        '업무에 필요한 하나만 두십시오. 나이만으로 된다면 나이만 제공하십시오',
      ],
      laws.minimum,
    ),
  'item.in-registration-number': (item: Words) =>
    say(
      [
        `${item.en} is contracted beside the registration number, which says it already`,
        'remove the registration number if this is all that the work needs of it, or this item',
      ],
      [
        `${item.ko}은(는) 함께 계약된 주민등록번호로 이미 알 수 있습니다`,
        '이 항목으로 충분하면 주민등록번호를 지우고, 아니면 이 항목을 지우십시오',
      ],
      laws.minimum,
    ),
  'item.identifier-for-work': (item: Words, work: Words) =>
    say(
      [
        `${item.en} is contracted for ${work.en}, which hardly needs it`,
        'remove it, or say under legalBasis which statute asks for it in this work',
      ],
      [
        `${work.ko} 업무에는 ${item.ko}이(가) 거의 필요하지 않습니다`,
        '지우거나, 이 업무에 이를 요구하는 법령을 legalBasis에 적으십시오',
      ],
      laws.registrationNumber,
    ),
  'item.health-for-work': (item: Words, work: Words) =>
    say(
      [
        `${item.en} tells of a person's health and is contracted for ${work.en}`,
        'remove it: this work can be done without health data',
      ],
      [
        `${work.ko} 업무에 건강에 관한 정보인 ${item.ko}이(가) 계약되어 있습니다`,
        '지우십시오. 이 업무는 건강 정보 없이 할 수 있습니다',
      ],
      laws.sensitive,
    ),
  'item.other-subject': (item: Words) =>
    say(
      [
        `${item.en} is about other people than this contract`,
        'remove the item, or correct subject',
      ],
      [
        `${item.ko}은(는) 이 계약이 정한 사람(subject)의 정보가 아닙니다`,
        '항목을 지우거나 subject를 바로잡으십시오',
      ],
      laws.minimum,
    ),
  'item.none-required': () =>
    say(
      [
        'no item is required, so an order can go out that says almost nothing',
        'set required: true for what the work cannot be done without',
      ],
      [
        '필수 항목이 하나도 없어 내용이 거의 없는 건도 나갈 수 있습니다',
        '없으면 업무를 할 수 없는 항목을 required: true로 하십시오',
      ],
    ),
  'work.marketing': () =>
    say(
      [
        'the work speaks of promotion or sales',
        'tell each person of the work and the consignee before it begins, and again on a change',
      ],
      [
        '위탁 업무에 홍보나 판매가 들어 있습니다',
        '시작하기 전과 바뀔 때마다 위탁 업무와 수탁자를 정보주체에게 알리십시오',
      ],
      laws.marketing,
    ),
};

/** What the clauses and other words say, and those to whom work is passed on. */
export const wordsDoubts = {
  'clause.repeated': (clauses: string) =>
    say(
      [
        `these clauses say the same: ${clauses}`,
        'write what each of them is about; the law asks for seven',
      ],
      [
        `내용이 같은 조항이 있습니다: ${clauses}`,
        '조항마다 그 내용을 쓰십시오. 법은 일곱 가지를 요구합니다',
      ],
      laws.written,
    ),
  'words.not-korean': (place: string) =>
    say(
      [`${place}.ko is not in Korean`, 'write it in Korean: it is what people in Korea will read'],
      [`${place}.ko가 한국어가 아닙니다`, '정보주체가 읽을 수 있게 한국어로 쓰십시오'],
      laws.published,
    ),
  'words.not-english': (place: string) =>
    say(
      [`${place}.en is not in English`, 'write it in English, too'],
      [`${place}.en이 영어가 아닙니다`, '영어로도 쓰십시오'],
    ),
  'sub-consignee.late-consent': (name: Words, consentedOn: string) =>
    say(
      [
        `the consent for ${name.en} is dated ${consentedOn}, after this version begins`,
        'work is passed on only after the clinic has agreed in writing; correct the day',
      ],
      [
        `${name.ko}에 대한 재위탁 동의일(${consentedOn})이 시작일보다 늦습니다`,
        '재위탁은 병원의 서면 동의가 있은 뒤에 할 수 있습니다. 날짜를 바로잡으십시오',
      ],
      laws.passedOn,
    ),
};
