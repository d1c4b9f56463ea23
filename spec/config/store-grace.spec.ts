import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { LONGEST } from '../../lib/config/duration.js';
import { configFile, fromCode, fromEnvironment, fromFile, fromFileWithUsers, problemsOf } from './resolve.js';

/** Where it matters. */
const STORE = 'postgres://user@host/db';
const EXPECTED = 'must be a duration such as "10m", "1h30m", "500ms" or "0", not';

describe('store-grace', () => {
  it('is a minute by default, with a file and without', () => {
    expect(fromFile('').config.auth.storeGrace).toBe(60_000);
    expect(fromCode({}).config.auth.storeGrace).toBe(60_000);
  });

  it.each([
    ['"1h30m"', 5_400_000],
    ['"500ms"', 500],
    ['"0"', 0],
    ['0', 0],
    ['"2562047h"', 9_223_369_200_000],
  ])('is a duration in a file: %s', (value, milliseconds) => {
    expect(fromFile(`[auth]\nstore-grace = ${value}\n`).config.auth.storeGrace).toBe(milliseconds);
  });

  it.each([
    ['1h30m', 5_400_000],
    ['0', 0],
    ['0s', 0],
    ['2562047h', 9_223_369_200_000],
  ])('is a duration in the environment: %s', (value, milliseconds) => {
    expect(fromEnvironment({ KAPACITOR_AUTH_STORE_GRACE: value }).config.auth.storeGrace).toBe(milliseconds);
  });

  it.each([
    ['1h30m', 5_400_000],
    ['0', 0],
    [1500, 1500],
    [0, 0],
    [LONGEST, LONGEST],
  ])('is a duration or milliseconds in code: %j', (value, milliseconds) => {
    expect(fromCode({ auth: { storeGrace: value } }).config.auth.storeGrace).toBe(milliseconds);
  });

  it.each([
    ['60', '60'],
    ['-1', '-1'],
    ['"60"', '"60"'],
    ['"-1m"', '"-1m"'],
    ['"2562048h"', '"2562048h"'],
    ['true', 'true'],
    ['["1m"]', 'an array'],
  ])('is not %s in a file', (value, shown) => {
    expect(problemsOf(() => fromFileWithUsers(`[auth]\nstore-grace = ${value}\nstore = "${STORE}"\n`))).toEqual([
      `kapacitor.conf, line 2: [auth] store-grace: ${EXPECTED} ${shown}`,
    ]);
  });

  it.each(['60', '-1m', '2562048h', 'forever'])('is not %s in the environment', (value) => {
    expect(
      problemsOf(() => fromEnvironment({ KAPACITOR_AUTH_STORE: STORE, KAPACITOR_AUTH_STORE_GRACE: value })),
    ).toEqual([`KAPACITOR_AUTH_STORE_GRACE: ${EXPECTED} "${value}"`]);
  });

  it.each([
    [-1, '-1'],
    [LONGEST + 1, String(LONGEST + 1)],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    ['60', '"60"'],
    [null, 'null'],
    [[], 'an array'],
  ])('is not %s in code', (value, shown) => {
    expect(problemsOf(() => fromCode({ auth: { store: STORE, storeGrace: value } }))).toEqual([
      `auth.storeGrace: ${EXPECTED} ${shown}`,
    ]);
  });

  it('is what code says, else what the environment does, else what the file does', () => {
    const path = configFile('[auth]\nstore-grace = "3m"\n');
    const environment = { KAPACITOR_AUTH_STORE_GRACE: '4m' };
    expect(resolveConfig(path, { auth: { storeGrace: 0 } }, environment).config.auth.storeGrace).toBe(0);
    expect(resolveConfig(path, { auth: { storeGrace: undefined } }, environment).config.auth.storeGrace).toBe(240_000);
    expect(resolveConfig(path, {}, { KAPACITOR_AUTH_STORE_GRACE: '' }).config.auth.storeGrace).toBe(180_000);
  });
});

describe('a warning about store-grace', () => {
  const about = (store: string) =>
    `[auth] store-grace has no effect with the store ${store} it is the time for which users are served while ` +
    'PostgreSQL cannot be reached';
  const FILE = '[http]\nauth-enabled = true\n[auth]\nenabled = true\n';
  const POSTGRES = 'postgres://user:hunter2@host/db';

  it.each([
    ['memory:', 'memory:'],
    ['sqlite:./secret.db', 'sqlite:'],
    [undefined, 'sqlite:'],
  ])('is given when code sets it with the store %s, whose folder is not named', (store, named) => {
    expect(fromCode({ auth: { store, storeGrace: '5m' } }).warnings).toEqual([about(named)]);
  });

  it('is given when the environment or a file sets it', () => {
    expect(fromEnvironment({ KAPACITOR_AUTH_STORE_GRACE: '5m' }).warnings).toEqual([about('sqlite:')]);
    expect(fromFile(`${FILE}store-grace = "5m"\n`).warnings).toEqual([about('sqlite:')]);
    expect(fromFile(`${FILE}store = "memory:"\nstore-grace = "5m"\n`).warnings).toEqual([about('memory:')]);
  });

  it.each([0, '1m'])('is given for %j as well, which changes nothing either', (storeGrace) => {
    expect(fromCode({ auth: { storeGrace } }).warnings).toEqual([about('sqlite:')]);
  });

  it('is given when the store of the file is not the one that counts', () => {
    const path = configFile(`${FILE}store = "${POSTGRES}"\nstore-grace = "5m"\n`);
    expect(resolveConfig(path, {}, {}).warnings).toEqual([]);
    expect(resolveConfig(path, { auth: { store: 'memory:' } }, {}).warnings).toEqual([about('memory:')]);
  });

  it('is not given when nobody sets it', () => {
    expect(fromCode({ auth: { store: 'memory:', storeGrace: undefined } }).warnings).toEqual([]);
    expect(fromEnvironment({ KAPACITOR_AUTH_STORE_GRACE: '' }).warnings).toEqual([]);
    expect(fromFile(FILE).warnings).toEqual([]);
  });

  it('is not given with PostgreSQL', () => {
    expect(fromCode({ auth: { store: POSTGRES, storeGrace: '5m' } }).warnings).toEqual([]);
    const environment = { KAPACITOR_AUTH_STORE: POSTGRES, KAPACITOR_AUTH_STORE_GRACE: '0' };
    expect(fromEnvironment(environment).warnings).toEqual([]);
  });

  it("is not given with a repository of the app's own, whatever it is an instance of", () => {
    const method = () => undefined;
    const methods = { find: method, list: method, insert: method, replace: method, remove: method };
    const store = Object.assign(Object.create(null), methods);
    expect(fromCode({ auth: { store, storeGrace: '5m' } }).warnings).toEqual([]);
  });
});
