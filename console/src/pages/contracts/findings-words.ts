/** What is said in plain words below the matrix. */
import { inBoth, plural } from '../../words/both.ts';

export const findingsWords = inBoth(
  {
    over: {
      title: 'Contracted, and never used',
      none: (days: string) => `Every contracted item was used in the last ${days} days.`,
      note: (days: string) =>
        `A contract lets these consignees have items that none of their transfers held in ${days} days. Ask whether the next version still needs them.`,
      idle: (names: string) =>
        `Nothing was sent to these in the same days, so nothing can be said: ${names}.`,
      of: (count: string) => `of ${plural(count, 'transfer')}`,
    },
    nobody: {
      title: 'Sent by the EMR for nobody',
      none: 'Every item that the EMR sends is in somebody’s contract.',
      note: 'The EMR puts these into records although no contract in force lets anyone have them. They stay here; it could leave them out.',
      of: (item: string, count: string) => `${item}: in ${plural(count, 'record')}`,
    },
    law: {
      title: 'To be settled',
      none: 'No legal basis is open, and every consignee has a contract in force.',
      basis: (item: string) => `: counsel has not confirmed the law that allows ${item}`,
      noContract: ': no contract is in force, so nothing is sent there',
    },
    orders: {
      title: 'Destruction after the end',
      none: 'No destruction is outstanding.',
      overdue: (day: string) => `: the certificate was due by ${day} and is not here`,
      open: (day: string) => `: the certificate is due by ${day}`,
    },
    coming: {
      title: 'Versions that do not decide yet',
      none: 'No version waits for its day.',
      drafted: ': a draft, not signed by both',
      signed: ': signed, not yet in the notice',
      noticed: (day: string) => `: announced, decides from ${day}`,
      unsigned: ': its signatures are gone or wrong, and nothing leaves',
    },
  },
  {
    over: {
      title: '계약에 있으나 쓰이지 않은 항목',
      none: (days) => `계약된 항목이 모두 최근 ${days}일 안에 제공되었습니다.`,
      note: (days) =>
        `계약상 제공할 수 있으나 최근 ${days}일간 한 번도 제공되지 않은 항목입니다. 다음 버전에도 필요한지 확인하십시오.`,
      idle: (names) => `같은 기간에 제공한 건이 없어 판단할 수 없는 업체: ${names}.`,
      of: (count) => `제공 ${count}건 중`,
    },
    nobody: {
      title: '받을 곳이 없는데 EMR이 보낸 항목',
      none: 'EMR이 보내는 항목은 모두 어느 한 계약에는 들어 있습니다.',
      note: '시행 중인 어느 계약에도 없는데 EMR이 기록에 담아 보낸 항목입니다. 밖으로 제공되지 않으며, EMR에서 빼는 것이 좋습니다.',
      of: (item, count) => `${item}: 기록 ${count}건`,
    },
    law: {
      title: '확인할 사항',
      none: '법적 근거가 모두 확인되었고, 모든 업체의 계약이 시행 중입니다.',
      basis: (item) => `: ${item}의 법적 근거가 법률 검토로 확인되지 않았습니다`,
      noContract: ': 시행 중인 계약이 없어 아무것도 제공되지 않습니다',
    },
    orders: {
      title: '계약 종료 후 파기',
      none: '남아 있는 파기 요구가 없습니다.',
      overdue: (day) => `: 파기 확인 기한(${day})이 지났습니다`,
      open: (day) => `: 파기 확인 기한은 ${day}입니다`,
    },
    coming: {
      title: '아직 시행되지 않은 버전',
      none: '시행을 기다리는 버전이 없습니다.',
      drafted: ': 초안이며 양측 서명 전입니다',
      signed: ': 서명되었으나 아직 공개되지 않았습니다',
      noticed: (day) => `: 공개되었으며 ${day}부터 시행됩니다`,
      unsigned: ': 서명이 없거나 맞지 않아 제공되지 않습니다',
    },
  },
);
