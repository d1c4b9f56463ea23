import { describe, expect, it } from 'vitest';
import { ColumnWriter, formatTable } from '../../lib/cli/table.js';

describe('a table', () => {
  it('aligns names of every script', () => {
    expect(
      formatTable([
        ['NAME', 'TYPE'],
        ['ユーザー', 'admin'],
        ['Größe', 'normal'],
        ['김', 'normal'],
        ['stan', ''],
      ]),
    ).toBe(
      [
        'NAME      TYPE', //
        'ユーザー  admin',
        'Größe     normal',
        '김        normal',
        'stan',
        '',
      ].join('\n'),
    );
  });

  it('is not widened by one long name', () => {
    const long = 'x'.repeat(200);
    expect(
      formatTable([
        ['stan', 'a'],
        [long, 'b'],
        ['長'.repeat(50), 'c'],
      ]),
    ).toBe(`stan  a\n${long}  b\n${'長'.repeat(50)}  c\n`);
  });

  it('keeps the widths of its columns when it comes in pieces', () => {
    const columns = new ColumnWriter();
    expect(columns.format([['johndoe', '1']])).toBe('johndoe  1\n');
    expect(columns.format([['ab', '2']])).toBe('ab       2\n');
    expect(columns.format([['ユーザーユーザー', '3']])).toBe('ユーザーユーザー  3\n');
    expect(columns.format([['ab', '4']])).toBe('ab                4\n');
    expect(columns.format([])).toBe('');
  });
});
