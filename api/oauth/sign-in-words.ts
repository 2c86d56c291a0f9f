/** What the pages of the sign-in say, in the two languages of the clinic. */
import type { EnrolFault } from '#src/access/sign-in.ts';
import { passwordLengthMax, passwordLengthMin } from '#src/access/password.ts';
import type { Words } from '#src/base/words.ts';
import type { OpenidFault } from './openid.ts';

const say = (en: string, ko: string): Words => ({ en, ko });

export const words = {
  title: say('Sign in', '로그인'),
  account: say('Account', '계정'),
  password: say('Password', '비밀번호'),
  code: say('Six-digit code of your authenticator', '인증 앱의 6자리 코드'),
  submit: say('Sign in', '로그인'),
  orHere: say('Or with a Waybill password', '또는 Waybill 비밀번호로 로그인'),
  refused: say(
    'Account, password or code is not right, or the account is locked for a while. Each code can ' +
      'be used once; wait for the next one. Five wrong attempts in a row lock an account.',
    '계정, 비밀번호 또는 코드가 맞지 않거나 계정이 잠시 잠겨 있습니다. 코드는 한 번만 쓸 수 있으니 다음 코드를 ' +
      '기다리십시오. 연이어 다섯 번 틀리면 계정이 잠깁니다.',
  ),
  busy: say(
    'Too many sign-ins at once. Try again.',
    '로그인이 한꺼번에 몰렸습니다. 다시 시도하십시오.',
  ),
  expired: say('This sign-in is over', '이 로그인 절차가 끝났습니다'),
  expiredWhy: say(
    'It took too long, or it was begun in another window. Begin again.',
    '시간이 지났거나 다른 창에서 시작되었습니다. 처음부터 다시 시작하십시오.',
  ),
  again: say('Begin again', '다시 시작'),
  firstTime: say('First time here, or after a reset?', '처음이거나 초기화된 계정입니까?'),
  begin: say('Set up your account', '계정 설정'),
  token: say('Secret that you were given', '전달받은 등록 코드'),
  goOn: say('Continue', '계속'),
  enrolTitle: say('Set up your account', '계정 설정'),
  yourAccount: say('Your account', '내 계정'),
  secretWhy: say(
    'Scan this with the authenticator app of your phone. Or type the key there, or open the link ' +
      'on the phone itself.',
    '휴대전화의 인증 앱으로 스캔하십시오. 키를 직접 입력하거나 휴대전화에서 링크를 열어도 됩니다.',
  ),
  qrCode: say('QR code of the key', '키의 QR 코드'),
  secret: say('Key', '키'),
  link: say('Open in the authenticator', '인증 앱에서 열기'),
  newPassword: say(
    `New password, ${passwordLengthMin} characters at least`,
    `새 비밀번호, ${passwordLengthMin}자 이상`,
  ),
  repeat: say('The same again', '새 비밀번호 확인'),
  finish: say('Finish', '완료'),
  done: say('Your account is ready', '계정이 준비되었습니다'),
  doneWhy: say(
    'The secret that you were given is used up. Wait for the next code before you sign in.',
    '전달받은 등록 코드는 더 쓸 수 없습니다. 다음 코드가 나온 뒤에 로그인하십시오.',
  ),
  signedOut: say('You are signed out', '로그아웃되었습니다'),
  anotherSession: say(
    'You are signed in with another account. Sign out first.',
    '다른 계정으로 로그인되어 있습니다. 먼저 로그아웃하십시오.',
  ),
  language: say('Language', '언어'),
  skip: say('Skip to the content', '본문으로 건너뛰기'),
} as const;

/** Why setting up an account did not come about. */
export const enrolFaults: Readonly<Record<EnrolFault | 'DIFFERENT', Words>> = {
  TOKEN: say(
    'This secret is not known, was used, or is too old. Ask whoever gave it to you for a new one.',
    '등록 코드를 알 수 없거나 이미 쓰였거나 기한이 지났습니다. 전달한 사람에게 새 코드를 요청하십시오.',
  ),
  CODE: say(
    'The code does not belong to this key. Check the clock of your phone.',
    '코드가 이 키와 맞지 않습니다. 휴대전화의 시각을 확인하십시오.',
  ),
  TOO_SHORT: say(
    `The password needs ${passwordLengthMin} characters at least.`,
    `비밀번호는 ${passwordLengthMin}자 이상이어야 합니다.`,
  ),
  TOO_LONG: say(
    `The password has ${passwordLengthMax} characters at most.`,
    `비밀번호는 ${passwordLengthMax}자 이하여야 합니다.`,
  ),
  COMMON: say(
    'This password is one of those that are tried first. Choose another.',
    '흔히 쓰이는 비밀번호입니다. 다른 것을 고르십시오.',
  ),
  HOLDS_ACCOUNT: say(
    'The password must not hold the name of the account.',
    '비밀번호에 계정 이름을 넣을 수 없습니다.',
  ),
  DIFFERENT: say('The two passwords differ.', '두 비밀번호가 다릅니다.'),
  BUSY: words.busy,
};

/** @param name of the clinic's own OpenID provider */
export const signInAt = (name: string): Words =>
  say(`Sign in with ${name}`, `${name} 계정으로 로그인`);

/** Why signing in at the clinic's own OpenID provider did not come about. */
export const openidFaults = (name: string): Readonly<Record<OpenidFault | 'ACCOUNT', Words>> => ({
  UNREACHABLE: say(
    `${name} cannot be reached. Try again later, or sign in with a Waybill password if you have one.`,
    `${name}에 연결할 수 없습니다. 나중에 다시 시도하거나, Waybill 비밀번호가 있으면 그것으로 로그인하십시오.`,
  ),
  UNTRUSTED: say(
    `The answer of ${name} could not be trusted. Try again; if it stays so, tell whoever runs Waybill.`,
    `${name}의 응답을 신뢰할 수 없습니다. 다시 시도하고, 계속되면 Waybill 운영 담당자에게 알리십시오.`,
  ),
  DENIED: say(`${name} did not sign you in.`, `${name}에서 로그인이 이루어지지 않았습니다.`),
  ACR: say(
    `${name} did not check you as strictly as Waybill asks for. Sign in there with a second factor.`,
    `${name}의 본인 확인 수준이 Waybill의 요구에 미치지 못합니다. 그곳에서 2단계 인증으로 로그인하십시오.`,
  ),
  // the same for an account that is unknown, revoked or not named at all
  ACCOUNT: say(
    `You cannot sign in here by ${name}. Ask whoever manages access to Waybill.`,
    `${name}(으)로는 여기에 로그인할 수 없습니다. Waybill 접근 권한 담당자에게 문의하십시오.`,
  ),
});
