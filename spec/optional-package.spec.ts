import { auditToOpenTelemetry, ConfigError, kapacitorAuth, StoreError } from 'kapacitor-auth';
import { PostgresUserRepository } from 'kapacitor-auth/postgres';
import { describe, expect, it, vi } from 'vitest';
import { loadPackage } from '../lib/optional-package.js';
import packageJson from '../package.json' with { type: 'json' };

let outcome: { readonly loaded: unknown } | { readonly error: unknown };
vi.mock('../lib/require-package.cjs', () => ({ default: () => outcome }));

const REGISTRY = { registerMetric() {}, getSingleMetric() {} };

const NEEDS = [
  {
    name: 'better-sqlite3',
    specifier: 'better-sqlite3@12',
    need: 'on Node.js 20 the store "sqlite:" needs',
    LoadError: StoreError,
    code: 'STORE_UNAVAILABLE',
    // Later versions of Node.js do not ask for it.
    use: () => loadPackage('better-sqlite3', 'on Node.js 20 the store "sqlite:" needs', StoreError),
  },
  {
    name: 'pg',
    specifier: 'pg',
    need: 'the store "postgres:" needs',
    LoadError: StoreError,
    code: 'STORE_UNAVAILABLE',
    use: () => new PostgresUserRepository('postgres://host/db'),
  },
  {
    name: 'prom-client',
    specifier: 'prom-client',
    need: 'metrics need',
    LoadError: ConfigError,
    code: 'CONFIG_INVALID',
    use: () => kapacitorAuth({ auth: { store: 'memory:' } }).metrics.registerIn(REGISTRY),
  },
  {
    name: '@opentelemetry/api-logs',
    specifier: '@opentelemetry/api-logs',
    need: 'auditToOpenTelemetry needs',
    LoadError: ConfigError,
    code: 'CONFIG_INVALID',
    use: () => auditToOpenTelemetry(kapacitorAuth({ auth: { store: 'memory:' } })),
  },
];

describe.each(NEEDS)('a package that cannot be loaded: $name', ({ name, specifier, need, LoadError, code, use }) => {
  const advice = `(in a bundle, keep ${name} external, and give an ES module require(); elsewhere, delete node_modules and install again on this machine)`;

  it.each([
    ['by Node', () => missing(name)],
    [
      'by Jest',
      () => missing(name, `Cannot find module '${name}' from 'node_modules/kapacitor-auth/dist/lib/index.js'`),
    ],
    ['by Bun', () => missing(name, `Cannot find package '${name}' from '/app/index.js'`)],
  ])('is named in an error that says how to install it: %s', (_by, error) => {
    const cause = error();
    outcome = { error: cause };
    const message = `${need} the package ${name}, which is not installed: npm install ${specifier}`;
    expect(use).toThrow(LoadError);
    expect(use).toThrow(expect.objectContaining({ code, message, cause }));
  });

  it.each([
    ['the file that it is in', new Error('libc.so.6: cannot open\nloaded from: /app'), 'libc.so.6: cannot open'],
    ['a package that it needs', missing('pg-types'), "Cannot find module 'pg-types'"],
    [
      'a bundle',
      new Error(`Dynamic require of "${name}" is not supported`),
      `Dynamic require of "${name}" is not supported`,
    ],
    ['what throws no error', 'no', 'no'],
  ])('has its own reason in the error if it cannot be loaded because of %s', (_of, cause, reason) => {
    outcome = { error: cause };
    const message = `${need} the package ${name}, which cannot be loaded: ${reason} ${advice}`;
    expect(use).toThrow(LoadError);
    expect(use).toThrow(expect.objectContaining({ code, message, cause }));
  });
});

it('the version of better-sqlite3 to install is the one that the peer dependency accepts', () => {
  outcome = { error: missing('better-sqlite3') };
  const [, major] = /^\^(\d+)\./.exec(packageJson.peerDependencies['better-sqlite3']) ?? [];
  expect(() => loadPackage('better-sqlite3', 'a store needs', StoreError)).toThrow(
    new RegExp(`: npm install better-sqlite3@${major}$`),
  );
});

it('a setting with a store that needs a missing package is an error at the start', () => {
  outcome = { error: missing('pg') };
  expect(() => kapacitorAuth({ auth: { store: 'postgres://host/db' } })).toThrow(StoreError);
});

it('an error in the URL of PostgreSQL is reported before the missing package', () => {
  outcome = { error: missing('pg') };
  expect(() => new PostgresUserRepository('postgres://host/db?max=0')).toThrow(
    'postgres://…?max= must be an integer from 1 to 9999',
  );
});

/** The error of `require()` for a missing package. */
function missing(name: string, message = `Cannot find module '${name}'\nRequire stack:\n- /app/index.js`): Error {
  return Object.assign(new Error(message), { code: 'MODULE_NOT_FOUND' });
}
