/** The picture of who may have what: the gateway's matrix, its columns by how delicate they are. */
import type { Schemas } from '../../api.ts';
import { classes, type ItemClass } from '../../item-class.tsx';

export type Matrix = Schemas['Matrix'];
export type Column = Matrix['items'][number];
type Row = Matrix['consignees'][number];

/**
 * What a cell says: `used` and `unused` are contracted, and did or did not go in these days; `idle`
 * is contracted where nothing went at all, which says nothing; `earlier` went under a version that
 * is over; `none` is not contracted.
 */
export interface Cell {
  is: 'used' | 'unused' | 'idle' | 'earlier' | 'none';
  required: boolean;
  /** In how many transfers it went. */
  transfers: number;
  /** Day of the newest of them. */
  lastOn: string | null;
}

export interface PictureRow {
  consignee: string;
  name: Row['name'];
  contract: string | null;
  transfers: number;
  /** One for each column. */
  cells: readonly Cell[];
  items: number;
  uniqueIdentifiers: number;
}

export interface Picture {
  /** The day (Seoul) of which this is the picture. */
  on: string;
  days: number;
  /** Neighbours are of one class, the most delicate first. */
  columns: readonly Column[];
  groups: readonly { of: ItemClass; count: number }[];
  rows: readonly PictureRow[];
  /** How many consignees may have the item of each column. */
  holders: readonly number[];
}

export const isContracted = ({ is }: Cell) => is === 'used' || is === 'unused' || is === 'idle';

const dayMs = 86_400_000;

/** Pure: the same matrix gives the same picture. */
export function pictureOf({ days, since, items, consignees }: Matrix): Picture {
  const columns = classes.flatMap((of) => items.filter(({ class: one }) => one === of));
  const rows = consignees.map((row) => rowOf(row, columns));
  return {
    on: new Date(Date.parse(since) + days * dayMs).toISOString().slice(0, 10),
    ...{ days, columns, rows },
    groups: classes
      .map((of) => ({ of, count: columns.filter((one) => one.class === of).length }))
      .filter(({ count }) => count > 0),
    holders: columns.map(
      (_, at) => rows.filter(({ cells }) => cells[at] && isContracted(cells[at])).length,
    ),
  };
}

function rowOf(row: Row, columns: readonly Column[]): PictureRow {
  const { consignee, name, contract, transfers } = row;
  const listed = new Map(row.items.map((one) => [one.item, one]));
  const before = new Map(row.earlier.map((one) => [one.item, one]));
  const cells = columns.map(({ item }): Cell => {
    const now = listed.get(item);
    if (now) {
      const is = now.transfers > 0 ? 'used' : transfers > 0 ? 'unused' : 'idle';
      const { required, transfers: count, lastReleasedOn: lastOn } = now;
      return { is, required, transfers: count, lastOn };
    }
    const was = before.get(item);
    if (!was) return { is: 'none', required: false, transfers: 0, lastOn: null };
    const { transfers: count, lastReleasedOn: lastOn } = was;
    return { is: 'earlier', required: false, transfers: count, lastOn };
  });
  const isUnique = (_: Cell, at: number) => columns[at]?.class === 'uniqueIdentifier';
  return {
    ...{ consignee, name, contract, transfers, cells },
    items: cells.filter(isContracted).length,
    uniqueIdentifiers: cells.filter((cell, at) => isContracted(cell) && isUnique(cell, at)).length,
  };
}
