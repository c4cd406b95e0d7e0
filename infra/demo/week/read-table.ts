import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { quote } from '@sideband/shared/quote';

/** One row of a table, whose fields are asked for by column. Whatever is wrong is thrown with file, line and column. */
export interface Row<Column extends string> {
  text(column: Column): string;
  /** A number without sign or exponent, such as `0.9`. */
  number(column: Column): number;
  /** One that `Number.isSafeInteger` agrees to. */
  integer(column: Column): number;
  fail(reason: string): never;
}

/** Reads comma-separated values without quoting, with exactly these columns. */
export async function readTable<Column extends string>(
  file: string,
  columns: readonly Column[],
): Promise<readonly Row<Column>[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  if (lines.pop() !== '') throw new Error(`${basename(file)} does not end with a line feed: cut off?`);
  if (lines[0] !== columns.join(',')) {
    throw new Error(
      `${basename(file)}:1: expected the columns ${columns.join(',')}, got ${quote(lines[0] ?? '')}`,
    );
  }
  return lines.slice(1).map((line, index) => parseRow(line, columns, `${basename(file)}:${index + 2}`));
}

function parseRow<Column extends string>(
  line: string,
  columns: readonly Column[],
  where: string,
): Row<Column> {
  const fields = line.split(',');
  const fail = (reason: string): never => {
    throw new Error(`${where}: ${reason}`);
  };
  if (fields.length !== columns.length) fail(`expected ${columns.length} fields, got ${fields.length}`);
  const text = (column: Column): string => {
    const field = fields[columns.indexOf(column)];
    return field === undefined || field === '' ? fail(`${column} is empty`) : field;
  };
  const matching = (column: Column, form: RegExp, what: string): number => {
    const field = text(column);
    const value = Number(field);
    return form.test(field) && value <= Number.MAX_SAFE_INTEGER
      ? value
      : fail(`${column} ${quote(field)} is no ${what}`);
  };
  return {
    text,
    number: (column) => matching(column, /^\d+(\.\d+)?$/, 'number'),
    integer: (column) => matching(column, /^\d+$/, 'whole number'),
    fail,
  };
}
