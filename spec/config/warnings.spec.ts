import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFile, ON } from './resolve.js';

const AUTH_IS_OFF =
  'authentication is off: every request runs as the admin ADMIN_USER. To switch it on: ' +
  '[http] auth-enabled = true, KAPACITOR_HTTP_AUTH_ENABLED=true, or http.authEnabled: true in code';

describe('a warning', () => {
  it('comes if authentication is off by the default of a file', () => {
    expect(fromFile('').warnings).toEqual([AUTH_IS_OFF]);
  });

  it('comes if a file, the environment or code switches it off', () => {
    expect(fromFile('[http]\nauth-enabled = false\n').warnings).toEqual([AUTH_IS_OFF]);
    expect(fromEnvironment({ KAPACITOR_HTTP_AUTH_ENABLED: 'f' }).warnings).toEqual([AUTH_IS_OFF]);
    expect(fromCode({ http: { authEnabled: false } }).warnings).toEqual([AUTH_IS_OFF]);
  });

  it('does not come if authentication is on', () => {
    expect(fromCode({}).warnings).toEqual([]);
    expect(fromFile(ON).warnings).toEqual([]);
    expect(resolveConfig(configFile('[auth]\nenabled = true\n'), { http: { authEnabled: true } }, {}).warnings).toEqual(
      [],
    );
  });
});

describe('a warning about store-grace', () => {
  const about = (store: string) =>
    `[auth] store-grace has no effect with the store ${store} it is the time for which users are served while ` +
    'PostgreSQL cannot be reached';
  const POSTGRES = 'postgres://user:hunter2@host/db';

  it.each([
    ['memory:', 'memory:'],
    ['sqlite:./secret.db', 'sqlite:'],
    [undefined, 'sqlite:'],
  ])('comes if code sets it with the store %s, without the folder', (store, named) => {
    expect(fromCode({ auth: { store, storeGrace: '5m' } }).warnings).toEqual([about(named)]);
  });

  it('comes if the environment or a file sets it', () => {
    expect(fromEnvironment({ KAPACITOR_AUTH_STORE_GRACE: '5m' }).warnings).toEqual([about('sqlite:')]);
    expect(fromFile(`${ON}store-grace = "5m"\n`).warnings).toEqual([about('sqlite:')]);
    expect(fromFile(`${ON}store = "memory:"\nstore-grace = "5m"\n`).warnings).toEqual([about('memory:')]);
  });

  it.each([0, '1m'])('comes for %j as well, which has no effect either', (storeGrace) => {
    expect(fromCode({ auth: { storeGrace } }).warnings).toEqual([about('sqlite:')]);
  });

  it('comes if the store of the file does not count', () => {
    const path = configFile(`${ON}store = "${POSTGRES}"\nstore-grace = "5m"\n`);
    expect(resolveConfig(path, {}, {}).warnings).toEqual([]);
    expect(resolveConfig(path, { auth: { store: 'memory:' } }, {}).warnings).toEqual([about('memory:')]);
  });

  it('does not come if no source sets it', () => {
    expect(fromCode({ auth: { store: 'memory:', storeGrace: undefined } }).warnings).toEqual([]);
    expect(fromEnvironment({ KAPACITOR_AUTH_STORE_GRACE: '' }).warnings).toEqual([]);
    expect(fromFile(ON).warnings).toEqual([]);
  });

  it('does not come with PostgreSQL', () => {
    expect(fromCode({ auth: { store: POSTGRES, storeGrace: '5m' } }).warnings).toEqual([]);
    const environment = { KAPACITOR_AUTH_STORE: POSTGRES, KAPACITOR_AUTH_STORE_GRACE: '0' };
    expect(fromEnvironment(environment).warnings).toEqual([]);
  });

  it("does not come with the app's own repository, even without a prototype", () => {
    const method = () => undefined;
    const methods = { find: method, list: method, insert: method, replace: method, remove: method };
    const store = Object.assign(Object.create(null), methods);
    expect(fromCode({ auth: { store, storeGrace: '5m' } }).warnings).toEqual([]);
  });
});
