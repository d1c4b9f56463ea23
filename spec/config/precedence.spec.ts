import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { defaultHashingThreads } from '../../lib/config/setting.js';
import { configFile, fromCode, fromFile } from './resolve.js';

describe('the sources of the configuration', () => {
  const FILE = '[auth]\nenabled = true\nbcrypt-cost = 5\n[http]\nrealm = "file"\n';
  const ENVIRONMENT = { KAPACITOR_AUTH_BCRYPT_COST: '6', KAPACITOR_HTTP_REALM: 'environment' };
  const CODE = { auth: { bcryptCost: 7 }, http: { realm: 'code' } };

  it('the file comes before the defaults', () => {
    const { config } = fromFile(FILE);
    expect(config).toMatchObject({ auth: { bcryptCost: 5, cacheExpiration: 600_000 }, http: { realm: 'file' } });
  });

  it('the environment comes before the file', () => {
    const { config } = fromFile(FILE, ENVIRONMENT);
    expect(config).toMatchObject({ auth: { enabled: true, bcryptCost: 6 }, http: { realm: 'environment' } });
  });

  it('code comes before the environment and the file', () => {
    const { config } = resolveConfig(configFile(FILE), CODE, ENVIRONMENT);
    expect(config).toMatchObject({ auth: { enabled: true, bcryptCost: 7 }, http: { realm: 'code' } });
  });

  it('code comes before the environment without a file', () => {
    const { config } = resolveConfig(CODE, {}, ENVIRONMENT);
    expect(config).toMatchObject({ auth: { bcryptCost: 7 }, http: { realm: 'code' } });
  });

  it('the second argument comes before the first one if both are objects', () => {
    const { config } = resolveConfig({ auth: { bcryptCost: 8, enabled: true } }, CODE, ENVIRONMENT);
    expect(config).toMatchObject({ auth: { bcryptCost: 7, enabled: true }, http: { realm: 'code' } });
  });

  it('each setting is looked up separately', () => {
    const { config } = resolveConfig(
      configFile(FILE),
      { auth: { bcryptCost: 7 } },
      { KAPACITOR_AUTH_STORE: 'memory:' },
    );
    expect(config).toMatchObject({ auth: { enabled: true, bcryptCost: 7, store: 'memory:' }, http: { realm: 'file' } });
  });

  it('false and 0 in code count as set', () => {
    const { config } = fromCode(
      { http: { authEnabled: false }, auth: { enabled: false, cacheExpiration: 0 } },
      {
        KAPACITOR_HTTP_AUTH_ENABLED: 'true',
        KAPACITOR_AUTH_ENABLED: 'true',
        KAPACITOR_AUTH_CACHE_EXPIRATION: '1h',
      },
    );
    expect(config).toMatchObject({ http: { authEnabled: false }, auth: { enabled: false, cacheExpiration: 0 } });
  });

  it.each([
    ['a section', { http: undefined, auth: undefined }],
    ['a setting', { http: { realm: undefined }, auth: { bcryptCost: undefined } }],
    ['everything', undefined],
  ])('undefined for %s counts as absent', (_, config) => {
    expect(fromCode(config, ENVIRONMENT).config).toEqual(fromCode({}, ENVIRONMENT).config);
    expect(fromCode(config, ENVIRONMENT).config).toMatchObject({
      auth: { bcryptCost: 6 },
      http: { realm: 'environment' },
    });
  });

  it("does not change the caller's objects", () => {
    const config = Object.freeze({
      http: Object.freeze({ realm: 'a' }),
      auth: Object.freeze({ store: 'sqlite:./users.db' }),
    });
    const overrides = Object.freeze({ auth: Object.freeze({ cacheExpiration: '1h' }) });
    const before = structuredClone({ config, overrides });
    resolveConfig(config, overrides, Object.freeze({ KAPACITOR_AUTH_ENABLED: 'true' }));
    expect({ config, overrides }).toEqual(before);
  });

  it("does not keep the caller's objects, so a later change has no effect", () => {
    const config = { http: { realm: 'before' } };
    const resolution = fromCode(config);
    config.http.realm = 'after';
    expect(resolution.config.http.realm).toBe('before');
  });

  it('ignores properties of a prototype, because a polluted one could switch authentication off', () => {
    const config = Object.create({ http: { authEnabled: false } });
    expect(fromCode(config).config.http.authEnabled).toBe(true);
  });
});

describe('the defaults', () => {
  it("are Kapacitor's with a file", () => {
    expect(fromFile('').config).toEqual({
      permissions: {},
      http: {
        authEnabled: false,
        queryCredentials: false,
        realm: 'Kapacitor',
        allowedHosts: undefined,
        public: [],
        refusals: 'answer',
        apiPath: '/kapacitor/v1',
        sessions: false,
        usersPage: false,
        bindAddress: { host: undefined, port: 9092 },
        https: undefined,
      },
      auth: {
        enabled: false,
        cacheExpiration: 600_000,
        bcryptCost: 10,
        minimumPasswordLength: 8,
        refusedPasswords: undefined,
        failureLimit: 10,
        failureWindow: 600_000,
        hashingConcurrency: defaultHashingThreads({}),
        hashingQueue: 128,
        store: `sqlite:${join(homedir(), '.kapacitor', 'auth', 'users.db')}`,
        storeGrace: 60_000,
        recordLogins: true,
      },
    });
  });

  it('are secure in code', () => {
    expect(fromCode({}).config).toEqual({
      permissions: {},
      http: {
        authEnabled: true,
        queryCredentials: false,
        realm: 'Kapacitor',
        allowedHosts: undefined,
        public: [],
        refusals: 'answer',
        apiPath: '/kapacitor/v1',
        sessions: false,
        usersPage: false,
        bindAddress: { host: undefined, port: 9092 },
        https: undefined,
      },
      auth: {
        enabled: true,
        cacheExpiration: 600_000,
        bcryptCost: 10,
        minimumPasswordLength: 8,
        refusedPasswords: undefined,
        failureLimit: 10,
        failureWindow: 600_000,
        hashingConcurrency: defaultHashingThreads({}),
        hashingQueue: 128,
        store: `sqlite:${join(process.cwd(), '.kapacitor-auth', 'users.db')}`,
        storeGrace: 60_000,
        recordLogins: true,
      },
    });
  });
});
