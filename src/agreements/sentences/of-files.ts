/** What can be wrong with a file or a folder as such, before anything in it is understood. */
import type { Words } from '#src/base/words.ts';
import { say, type Said } from './said.ts';

function missing(key: string, where: Words, wanted: Words, law?: Words): Said {
  return say(
    [`"${key}" is missing in ${where.en}`, `give ${wanted.en}`],
    [`${where.ko}에 "${key}"이(가) 없습니다`, `적을 것: ${wanted.ko}`],
    law,
  );
}

export const fileSentences = {
  'file.not-a-file': () =>
    say(
      ['is not a file', 'put a YAML file here'],
      ['파일이 아닙니다', '이 자리에 YAML 파일을 두십시오'],
    ),
  'file.too-large': (bytesMax: number) =>
    say(
      [`is larger than ${bytesMax} bytes`, 'keep it below'],
      [`${bytesMax}바이트보다 큽니다`, '더 작게 줄이십시오'],
    ),
  'file.encoding': () =>
    say(
      ['is not UTF-8 text', 'save it as UTF-8'],
      ['UTF-8 텍스트가 아닙니다', 'UTF-8로 저장하십시오'],
    ),
  'file.unreadable': (code: string) =>
    say(
      [`cannot be read (${code})`, 'make it readable for this process'],
      [`읽을 수 없습니다(${code})`, '이 프로그램이 읽을 수 있게 권한을 주십시오'],
    ),
  'file.empty': () =>
    say(
      ['is empty', 'copy another file of its kind and adapt it'],
      ['비어 있습니다', '같은 종류의 다른 파일을 복사해 고쳐 쓰십시오'],
    ),
  'file.too-deep': () =>
    say(
      ['is nested too deeply to be read', 'flatten it'],
      ['너무 깊이 겹쳐 있어 읽을 수 없습니다', '단계를 줄이십시오'],
    ),
  'folder.unreadable': (code: string) =>
    say(
      [`cannot be read (${code})`, 'name a folder that this process can read'],
      [`읽을 수 없습니다(${code})`, '이 프로그램이 읽을 수 있는 폴더를 지정하십시오'],
    ),
  'folder.too-full': (entriesMax: number) =>
    say(
      [`holds more than ${entriesMax} entries`, 'remove what is not needed'],
      [`항목이 ${entriesMax}개를 넘습니다`, '필요 없는 것을 지우십시오'],
    ),
  'folder.empty': (wanted: string) =>
    say(
      ['holds no contract', `add ${wanted}`],
      ['계약이 하나도 없습니다', `${wanted === 'one' ? '계약' : wanted}을(를) 추가하십시오`],
    ),
  'name.not-a-version': () =>
    say(
      ['is not named as a version', 'call it v1.yaml, v2.yaml, …'],
      ['파일 이름이 버전 형식이 아닙니다', 'v1.yaml, v2.yaml, …로 이름을 바꾸십시오'],
    ),
  'name.gap': (before: string) =>
    say(
      [`there is no ${before} before it`, `add ${before} or use the next number`],
      [`바로 앞 버전 ${before}이(가) 없습니다`, `${before}을(를) 추가하거나 다음 번호를 쓰십시오`],
    ),
  'name.outside-folder': () =>
    say(
      ['stands outside a folder', 'move it to <consignee>/v<N>.yaml'],
      ['수탁자 폴더 밖에 있습니다', '<수탁자>/v<N>.yaml로 옮기십시오'],
    ),
  'name.folder-not-an-id': () =>
    say(
      ['is not named as an id', 'use lower case, digits and hyphens'],
      ['폴더 이름이 아이디 형식이 아닙니다', '영문 소문자, 숫자, 붙임표(-)만 쓰십시오'],
    ),
  'name.file-not-an-id': () =>
    say(
      ['is not named as an id', 'call it <id>.yaml in lower case'],
      ['파일 이름이 아이디 형식이 아닙니다', '영문 소문자로 <아이디>.yaml이라 하십시오'],
    ),
  'yaml.alias': () =>
    say(['an alias (*…)', 'write the value out'], ['별칭(*…)이 있습니다', '값을 직접 쓰십시오']),
  'yaml.key-not-text': () =>
    say(
      ['a key that is not text', 'put it in quotes'],
      ['글자가 아닌 키가 있습니다', '따옴표로 묶으십시오'],
    ),
  'yaml.not-a-character': () =>
    say(
      ['a character that is none (NUL or half a surrogate)', 'remove it'],
      ['문자가 아닌 값(NUL 또는 반쪽 서로게이트)이 있습니다', '지우십시오'],
    ),
  'yaml.number': () =>
    say(
      ['a number that JSON cannot hold exactly', 'put it in quotes'],
      ['JSON이 정확히 담을 수 없는 숫자입니다', '따옴표로 묶으십시오'],
    ),
  'yaml.twice': () =>
    say(
      ['a key that was already given', 'keep one of the two'],
      ['같은 키가 두 번 나옵니다', '둘 중 하나만 남기십시오'],
    ),
  'yaml.second-document': () =>
    say(
      ['a second document (---)', 'keep one per file'],
      ['한 파일에 문서가 둘입니다(---)', '파일마다 하나만 두십시오'],
    ),
  'yaml.syntax': (message: string) =>
    say(
      [
        `not valid YAML (${message})`,
        'look at this line and the one above: indent with spaces, not tabs; a space after each ' +
          "colon; close every quote and bracket; write an apostrophe inside '…' twice",
      ],
      [
        `올바른 YAML이 아닙니다(${message})`,
        '이 줄과 윗줄을 보십시오. 탭이 아니라 빈칸으로 들여쓰고, 쌍점 뒤에 한 칸 띄우고, 따옴표와 괄호를 ' +
          "닫고, '…' 안의 작은따옴표는 두 번 쓰십시오",
      ],
    ),
  'schema.unknown-key': (key: string, known: readonly string[], meant: string | undefined) =>
    say(
      [
        `unknown key "${key}"`,
        meant ? `did you mean "${meant}"?` : `it may be one of ${known.join(', ')}`,
      ],
      [
        `모르는 키 "${key}"입니다`,
        meant ? `"${meant}"을(를) 뜻합니까?` : `쓸 수 있는 키: ${known.join(', ')}`,
      ],
    ),
  'schema.missing': (key: string, where: Words, wanted: Words, law?: Words) =>
    missing(key, where, wanted, law),
  'schema.push-on-pull': () =>
    say(
      ['push settings on channel: pull', 'remove them, or set channel: push'],
      ['channel이 pull인데 push 설정이 있습니다', 'push를 지우거나 channel을 push로 하십시오'],
    ),
  'schema.not-one-of': (where: Words, allowed: string) =>
    say(
      [`${where.en} has an unknown value`, `use one of ${allowed}`],
      [`${where.ko}의 값을 알 수 없습니다`, `다음 가운데 하나를 쓰십시오: ${allowed}`],
    ),
  'schema.value': (where: Words, wanted: Words, law?: Words) =>
    say(
      [`${where.en} is not right`, `it must be ${wanted.en}`],
      [`${where.ko}의 값이 올바르지 않습니다`, `적을 것: ${wanted.ko}`],
      law,
    ),
  /** The same of one of the seven clauses, which the law itself asks for. */
  'clause.missing': (key: string, where: Words, wanted: Words, law?: Words) =>
    missing(key, where, wanted, law),
  placeholder: (where: Words, law?: Words) =>
    say(
      [`${where.en} is not filled in yet`, 'write it where TODO stands'],
      [`${where.ko}이(가) 아직 작성되지 않았습니다`, 'TODO가 있는 자리에 내용을 쓰십시오'],
      law,
    ),
};
