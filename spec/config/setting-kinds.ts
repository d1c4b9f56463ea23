import { LONGEST } from '../../lib/duration.js';

/** Values in each source's notation, each with the resolved value or with the text that the message shows. */
export interface Values {
  readonly file: readonly (readonly [toml: string, value: unknown])[];
  readonly environment: readonly (readonly [text: string, value: unknown])[];
  readonly code: readonly (readonly [given: unknown, value: unknown])[];
}

export interface Row {
  /** `[auth] bcrypt-cost`. */
  readonly name: string;
  readonly variable: string;
  /** `auth.bcryptCost`; undefined where code cannot set it. */
  readonly property?: string;
  /** Read from the configuration, where that is not the property. */
  readonly resolved?: string;
  readonly defaults: readonly [withFile: unknown, inCode: unknown];
  readonly right: Values;
  readonly wrong: Values;
  readonly expected: string;
}

type Names = Pick<Row, 'name' | 'variable' | 'property'>;

/** The names that follow from section and key. */
export function named(section: 'http' | 'auth', key: string): Names {
  const property = key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const variable = `KAPACITOR_${section}_${key}`.replaceAll('-', '_').toUpperCase();
  return { name: `[${section}] ${key}`, variable, property: `${section}.${property}` };
}

export function aSwitch(names: Names, defaults: Row['defaults']): Row {
  return {
    ...names,
    defaults,
    expected: 'must be true or false',
    right: {
      file: [
        ['true', true],
        ['false', false],
      ],
      // All that Go's ParseBool takes.
      environment: [
        ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
        ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
      ],
      code: [
        [true, true],
        [false, false],
      ],
    },
    wrong: {
      file: [
        ['"true"', `"true": write  ${names.name.split(' ')[1]} = true`],
        ['"on"', '"on"'],
        ['1', '1'],
        ['[true]', 'an array'],
        ['{ password = "hunter2" }', 'an object'],
      ],
      environment: ['yes', 'off', 'tRUE', ' ', 'true ', '"true"', '2'].map((text) => [text, JSON.stringify(text)]),
      code: [
        ['false', '"false"'],
        [0, '0'],
        [null, 'null'],
      ],
    },
  };
}

export function aNumber(names: Names, byDefault: number, [min, max]: readonly [number, number]): Row {
  const key = names.name.split(' ')[1];
  return {
    ...names,
    defaults: [byDefault, byDefault],
    expected: `must be an integer from ${min} to ${max}`,
    right: {
      file: [min, max].map((value) => [String(value), value]),
      environment: [min, max].map((value) => [String(value), value]),
      code: [min, max].map((value) => [value, value]),
    },
    wrong: {
      file: [
        ...[min - 1, max + 1, 10.5].map((value) => [String(value), String(value)] as const),
        [`"${max}"`, `"${max}": write  ${key} = ${max}`],
        ['"five"', '"five"'],
        ['true', 'true'],
        ['[5]', 'an array'],
        ['nan', 'NaN'],
        ['9007199254740993', '9007199254740993'],
      ],
      environment: [min - 1, max + 1, 'ten', '1e1', '+5', ' 5', '5 ', '0x5', '５', '5m', '5.0'].map((value) => [
        String(value),
        JSON.stringify(String(value)),
      ]),
      code: [
        [min - 1, String(min - 1)],
        [max + 1, String(max + 1)],
        [String(max), `"${max}"`],
        [null, 'null'],
        [5n, '5'],
        [Number.POSITIVE_INFINITY, 'Infinity'],
        [{ a: 1n }, 'an object'],
        [Symbol('x'), 'a symbol'],
        [() => 5, 'a function'],
      ],
    },
  };
}

export function aDuration(names: Names, byDefault: number): Row {
  return {
    ...names,
    defaults: [byDefault, byDefault],
    expected: 'must be a duration such as "10m", "1h30m", "500ms" or "0"',
    right: {
      file: [
        ['"1h30m"', 5_400_000],
        ['"500ms"', 500],
        ['"0"', 0],
        ['0', 0],
        ['"2562047h"', 9_223_369_200_000],
      ],
      environment: [
        ['1h30m', 5_400_000],
        ['0', 0],
        ['0s', 0],
      ],
      code: [
        ['1h30m', 5_400_000],
        [1500, 1500],
        [0.5, 0.5],
        [0, 0],
        [LONGEST, LONGEST],
      ],
    },
    wrong: {
      // Without a unit, a number could mean seconds or milliseconds.
      file: [
        ['600', '600'],
        ['1.5', '1.5'],
        ['-1', '-1'],
        ['"10"', '"10"'],
        ['"-1m"', '"-1m"'],
        ['"2562048h"', '"2562048h"'],
        ['true', 'true'],
        ['["10m"]', 'an array'],
        ['2020-01-01', 'a date'],
      ],
      environment: ['600', '10 m', '-1h', 'never'].map((text) => [text, JSON.stringify(text)]),
      code: [
        [-1, '-1'],
        [LONGEST + 1, String(LONGEST + 1)],
        [Number.NaN, 'NaN'],
        [10n, '10'],
        ['600', '"600"'],
        [null, 'null'],
        [{}, 'an object'],
      ],
    },
  };
}
