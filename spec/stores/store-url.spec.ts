import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFile, fromFileWithUsers, problemsOf } from '../config/resolve.js';

/** The same store in a file, the environment and code. */
const SOURCES = [
  [
    'in a file',
    'kapacitor.conf, line 2: [auth] store',
    (url: string) => fromFileWithUsers(`[auth]\nstore = ${JSON.stringify(url)}\n`),
  ],
  ['in the environment', 'KAPACITOR_AUTH_STORE', (url: string) => fromEnvironment({ KAPACITOR_AUTH_STORE: url })],
  ['in code', 'auth.store', (url: string) => fromCode({ auth: { store: url } })],
] as const;

describe.each(SOURCES)('a postgres:// URL %s', (_where, place, resolve) => {
  it.each([
    ['postgres://user:hunter2@host/db', 'postgres://user@host/db'],
    ['postgresql://user:hunter2@host:5433/db', 'postgresql://user@host:5433/db'],
    ['postgres://user:hunter2@[::1]:5432/db', 'postgres://user@[::1]:5432/db'],
    ['postgres://user:hunter2@%2Frun%2Fpostgresql/db', 'postgres://user@%2Frun%2Fpostgresql/db'],
    ['postgres://user:hunter2@a,b/db', 'postgres://user@a,b/db'],
    ['postgres://user:hunter2@host/db?schema=x&sslmode=require', 'postgres://user@host/db?schema=x&sslmode=require'],
    ['postgres://user:hunter2%@host/%zz', 'postgres://user@host/%zz'],
    ['postgres://:hunter2@host/db', 'postgres://host/db'],
    ['postgres://user@host/db', 'postgres://user@host/db'],
    ['postgres://host', 'postgres://host'],
    ['postgres:///db?host=/run/postgresql&password=hunter2', 'postgres:///db?host=/run/postgresql'],
    ['postgres://', 'postgres://'],
  ])('may be %s: it is used unchanged, and shown without its secrets', (url, shown) => {
    const { config, store, warnings } = resolve(url);
    expect(store).toBe(url);
    expect(config.auth.store).toBe(shown);
    expect(JSON.stringify([config, warnings])).not.toContain('hunter2');
  });

  it.each([
    ['no slashes', 'postgres:user:hunter2@host/db'],
    ['one slash', 'postgres:/user:hunter2@host/db'],
    ['a colon too few', 'postgres//user:hunter2@host/db'],
    ['a slip in the scheme', 'postgress://user:hunter2@host/db'],
    ['another slip', 'postgre://user:hunter2@host/db'],
    ['a driver in the scheme', 'postgresql+asyncpg://user:hunter2@host/db'],
    ['capitals', 'POSTGRES://user:hunter2@host/db'],
    ['another database', 'mysql://user:hunter2@host/db'],
    ['the web', 'http://user:hunter2@host/db'],
    ['something before it', 'url=postgres://user:hunter2@host/db'],
    ['quotes around it', '"postgres://user:hunter2@host/db"'],
    ["libpq's other form", 'host=host user=user password=hunter2'],
    ['a blank before it', ' postgres://user:hunter2@host/db'],
    ['a blank behind it', 'postgres://user:hunter2@host/db '],
    ['a blank in it', 'postgres://user:hunter2 @host/db'],
    ['a blank in its query', 'postgres://user:hunter2@host/db?application_name=my app'],
    ['a line end', 'postgres://user:hunter2@host/db\n'],
    ['a tab', 'postgres://user:hunter2@host\t/db'],
    ['a blank that does not break', 'postgres://user:hunter2@host/db\u00a0'],
    ['no host behind a user', 'postgres://user:hunter2@/db'],
    ['a port that is none', 'postgres://user:hunter2@host:port/db'],
    ['a port out of range', 'postgres://user:hunter2@host:65536/db'],
    ['a bracket that does not end', 'postgres://user:hunter2@[::1/db'],
    ['several hosts with ports, which the parser does not take', 'postgres://user:hunter2@a:1,b:2/db'],
    ['a fragment', 'postgres://user:hunter2@host/db#x'],
    ['a # in the password', 'postgres://user:1#hunter2@host/db'],
    ['a / in the password', 'postgres://user:1/hunter2@host/db'],
    ['a ? in the password', 'postgres://user:1?hunter2@host/db'],
    ['a / in the password, which ends the host', 'postgres://user:hunter2/x@host/db'],
  ])('is refused for %s, and not repeated', (_what, url) => {
    const problems = problemsOf(() => resolve(url));
    expect(problems).toEqual([
      `${place}: must be "sqlite:FILE", "memory:", "postgres://USER:PASSWORD@HOST/DATABASE" or, in code, a repository: ` +
        'an object with the methods find, list, insert, replace, remove',
    ]);
    expect(problems.join()).not.toContain('hunter2');
  });
});

describe('an unquoted postgres:// URL in a file', () => {
  it.each(['store = postgres://user:hunter2@host/db', 'store: "postgres://user:hunter2@host/db"'])(
    'causes an error that does not repeat it: %s',
    (line) => {
      const problems = problemsOf(() => fromFileWithUsers(`[auth]\n${line}\n`));
      expect(problems).toEqual([
        'kapacitor.conf, line 2: store: this is not TOML: write  store = "sqlite:./users/users.db"',
      ]);
      expect(problems.join()).not.toContain('hunter2');
    },
  );
});

describe('the opened store', () => {
  const FILE = '[auth]\nstore = "postgres://file:hunter2@host/db"\n';
  const ENVIRONMENT = { KAPACITOR_AUTH_STORE: 'postgres://environment:hunter2@host/db' };
  const CODE = { auth: { store: 'postgres://code:hunter2@host/db' } };

  it('comes from code, or else the environment, or else the file, and the configuration shows the same one', () => {
    const path = configFile(FILE);
    expect(resolveConfig(path, CODE, ENVIRONMENT)).toMatchObject({
      store: 'postgres://code:hunter2@host/db',
      config: { auth: { store: 'postgres://code@host/db' } },
    });
    expect(resolveConfig(path, {}, ENVIRONMENT)).toMatchObject({
      store: 'postgres://environment:hunter2@host/db',
      config: { auth: { store: 'postgres://environment@host/db' } },
    });
    expect(resolveConfig(path, {}, {})).toMatchObject({
      store: 'postgres://file:hunter2@host/db',
      config: { auth: { store: 'postgres://file@host/db' } },
    });
  });

  it('may be of another kind than that of a weaker source', () => {
    expect(resolveConfig(configFile(FILE), { auth: { store: 'memory:' } }, ENVIRONMENT)).toMatchObject({
      store: 'memory:',
      config: { auth: { store: 'memory:' } },
    });
  });

  it('does not depend on data_dir', () => {
    expect(fromFile(`data_dir = "/srv"\n${FILE}`).store).toBe('postgres://file:hunter2@host/db');
  });

  it.each(['memory:', 'sqlite:/srv/user:name@host?password=x'])('is shown unchanged: %s', (store) => {
    const resolution = fromCode({ auth: { store } });
    expect(resolution.store).toBe(store);
    expect(resolution.config.auth.store).toBe(store);
  });

  it("may be the app's own repository, which is shown as well", () => {
    const method = () => undefined;
    const store = { find: method, list: method, insert: method, replace: method, remove: method };
    const resolution = fromCode({ auth: { store } });
    expect(resolution.store).toBe(store);
    expect(resolution.config.auth.store).toBe(store);
  });

  it('is an absolute path if it is a file', () => {
    const resolution = fromCode({ auth: { store: 'sqlite:users.db' } });
    expect(resolution.store).toBe(`sqlite:${process.cwd()}/users.db`);
    expect(resolution.store).toBe(resolution.config.auth.store);
  });
});
