import { describe, expect, it } from 'vitest';
import { isPlainObject } from '../../lib/argument-checks.js';
import { resolveConfig } from '../../lib/config/config.js';
import { type Environment, SECTIONS, type Setting } from '../../lib/config/setting.js';
import { SETTINGS } from '../../lib/config/settings.js';
import { configFile, fromCode, fromEnvironment, fromFileWithUsers, problemsOf } from './resolve.js';
import type { Row, Values } from './setting-kinds.js';
import { ROWS } from './setting-rows.js';

/** No machine's thread pool is too small for these settings, and the store is one that every setting matters for. */
const ENVIRONMENT: Environment = {
  UV_THREADPOOL_SIZE: '1024',
  KAPACITOR_AUTH_ENABLED: 'true',
  KAPACITOR_HTTP_AUTH_ENABLED: 'false',
  KAPACITOR_AUTH_STORE: 'postgres://user@host/db',
};

/** A file with one line in its section. */
function lineOf({ name }: Row, toml: string): string {
  const [section, key] = name.split(' ');
  return `${section}\n${key} = ${toml}\n`;
}

function codeOf({ property = '' }: Row, value: unknown): object {
  const [section, name] = property.split('.') as [string, string];
  return { [section]: { [name]: value } };
}

/** The environment of the tests without a variable of the setting itself. */
function besides({ variable }: Row): Environment {
  return { ...ENVIRONMENT, [variable]: undefined };
}

function valueIn(row: Row, { config }: ReturnType<typeof resolveConfig>): unknown {
  const [section, name] = (row.property ?? row.resolved ?? '').split('.') as ['auth', 'store'];
  return config[section][name];
}

describe.each(ROWS)('the setting $name, or $variable', (row) => {
  it('has a default with a file, and one in code', () => {
    expect(valueIn(row, resolveConfig(configFile(''), {}, {}))).toEqual(row.defaults[0]);
    expect(valueIn(row, fromCode({}))).toEqual(row.defaults[1]);
  });

  it.each(row.right.file)('may be %s in a file', (toml, value) => {
    const path = configFile(lineOf(row, toml));
    expect(valueIn(row, resolveConfig(path, {}, besides(row)))).toEqual(value);
  });

  it.each(row.right.environment)('may be %j in the environment', (text, value) => {
    expect(valueIn(row, fromEnvironment({ ...ENVIRONMENT, [row.variable]: text }))).toEqual(value);
  });

  it.each(row.right.code)('may be %j in code', (given, value) => {
    const resolved = valueIn(row, fromCode(codeOf(row, given), besides(row)));
    if (Array.isArray(value) || isPlainObject(value)) expect(resolved).toEqual(value);
    else expect(resolved).toBe(value);
  });

  it.each(row.wrong.file)('cannot be %s in a file: the message names the line', (toml, shown) => {
    const problems = problemsOf(() => fromFileWithUsers(`# first\n${lineOf(row, toml)}`, besides(row)));
    const expected = `kapacitor.conf, line 3: ${row.name}: ${row.expected}, not ${shown ?? ''}`;
    expect(problems).toEqual([shown === null ? expect.stringContaining(expected) : expected]);
  });

  it.each(row.wrong.environment)('cannot be %j in the environment: the message names the variable', (text, shown) => {
    expect(problemsOf(() => fromEnvironment({ ...besides(row), [row.variable]: text }))).toEqual([
      `${row.variable}: ${row.expected}, not ${shown}`,
    ]);
  });

  it.each(row.wrong.code)('cannot be %s in code, case %#: the message names the property', (given, shown) => {
    expect(problemsOf(() => fromCode(codeOf(row, given), besides(row)))).toEqual([
      `${row.property}: ${row.expected}, not ${shown}`,
    ]);
  });

  it('comes from code, or else the environment, or else the file; empty and undefined count as absent', () => {
    const { file, environment, code } = row.right;
    const [toml, inFile] = file.at(-1) as Values['file'][0];
    const [text, inEnvironment] = environment[0] as Values['environment'][0];
    const [given, inCode] = code.at(-1) ?? [undefined, inEnvironment];
    const path = configFile(lineOf(row, toml));
    const resolve = (value: unknown, variable: string) => {
      const options = row.property === undefined ? {} : codeOf(row, value);
      return valueIn(row, resolveConfig(path, options, { ...besides(row), [row.variable]: variable }));
    };
    expect(inFile).not.toEqual(inEnvironment);
    expect(resolve(given, text)).toEqual(inCode);
    expect(resolve(undefined, text)).toEqual(inEnvironment);
    expect(resolve(undefined, '')).toEqual(inFile);
  });
});

describe('the table of settings', () => {
  it('has a row above for each setting, except the first admin, TLS, data_dir and the shared secret', () => {
    const others = /^(?:admin-.*|https-.*|data_dir|shared-secret.*)$/;
    const expected = SETTINGS.filter(({ key }) => !others.test(key)).map(({ section, key }) => `[${section}] ${key}`);
    expect([...new Set(ROWS.map(({ name }) => name))].sort()).toEqual(expected.sort());
  });

  it('has no key, variable, property or synonym twice', () => {
    const has = (names: (setting: Setting) => readonly string[]) => {
      const all = SETTINGS.flatMap(names);
      expect(all).toEqual([...new Set(all)]);
    };
    has(({ section, key }) => [`${section} ${key}`]);
    has(({ variables }) => variables);
    has(({ section, property }) => (property === undefined ? [] : [`${section}.${property}`]));
    has(({ synonyms }) => synonyms);
    expect(SECTIONS).toEqual(['http', 'auth']);
  });
});
