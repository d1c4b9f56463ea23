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
