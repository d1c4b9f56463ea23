import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFile } from './resolve.js';

const AUTH_IS_OFF =
  'authentication is off: every request runs as the admin ADMIN_USER. To switch it on: ' +
  '[http] auth-enabled = true, KAPACITOR_HTTP_AUTH_ENABLED=true, or http.authEnabled: true in code';
const SECRET_IS_IGNORED = '[http] shared-secret is ignored: bearer tokens are not supported';

describe('a warning', () => {
  it('is given when authentication is off by the default of a file', () => {
    expect(fromFile('').warnings).toEqual([AUTH_IS_OFF]);
  });

  it('is given when a file, the environment or code switches it off', () => {
    expect(fromFile('[http]\nauth-enabled = false\n').warnings).toEqual([AUTH_IS_OFF]);
    expect(fromEnvironment({ KAPACITOR_HTTP_AUTH_ENABLED: 'f' }).warnings).toEqual([AUTH_IS_OFF]);
    expect(fromCode({ http: { authEnabled: false } }).warnings).toEqual([AUTH_IS_OFF]);
  });

  it('is not given when authentication is on', () => {
    expect(fromCode({}).warnings).toEqual([]);
    expect(fromFile('[http]\nauth-enabled = true\n[auth]\nenabled = true\n').warnings).toEqual([]);
    expect(resolveConfig(configFile('[auth]\nenabled = true\n'), { http: { authEnabled: true } }, {}).warnings).toEqual(
      [],
    );
  });

  it('is given for a shared secret in a file, which is not shown', () => {
    const text = '[http]\nauth-enabled = true\nshared-secret = "hunter2"\n[auth]\nenabled = true\n';
    expect(fromFile(text).warnings).toEqual([SECRET_IS_IGNORED]);
  });

  it('is given for a shared secret in the environment, which is not shown', () => {
    expect(fromEnvironment({ KAPACITOR_HTTP_SHARED_SECRET: 'hunter2' }).warnings).toEqual([SECRET_IS_IGNORED]);
  });

  it('is not given for an empty shared secret', () => {
    expect(fromFile('[http]\nshared-secret = ""\n').warnings).toEqual([AUTH_IS_OFF]);
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

  it('is not given when no source sets it', () => {
    expect(fromCode({ auth: { store: 'memory:', storeGrace: undefined } }).warnings).toEqual([]);
    expect(fromEnvironment({ KAPACITOR_AUTH_STORE_GRACE: '' }).warnings).toEqual([]);
    expect(fromFile(FILE).warnings).toEqual([]);
  });

  it('is not given with PostgreSQL', () => {
    expect(fromCode({ auth: { store: POSTGRES, storeGrace: '5m' } }).warnings).toEqual([]);
    const environment = { KAPACITOR_AUTH_STORE: POSTGRES, KAPACITOR_AUTH_STORE_GRACE: '0' };
    expect(fromEnvironment(environment).warnings).toEqual([]);
  });

  it("is not given with the app's own repository, also without a prototype", () => {
    const method = () => undefined;
    const methods = { find: method, list: method, insert: method, replace: method, remove: method };
    const store = Object.assign(Object.create(null), methods);
    expect(fromCode({ auth: { store, storeGrace: '5m' } }).warnings).toEqual([]);
  });
});
