import { StoreError } from 'kapacitor-auth';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openDatabase } from '../../../lib/stores/sqlite/connection.js';

const requirePackage = vi.hoisted(() => vi.fn());
vi.mock('../../../lib/require-package.cjs', () => ({ default: requirePackage }));

class FakeDatabase {
  readonly file: string;

  constructor(file: string) {
    process.emitWarning(`opened ${file}`);
    this.file = file;
  }
}

/** As Node.js 22 loads its SQLite: https://nodejs.org/docs/latest-v22.x/api/sqlite.html. */
function loadWithWarning(load: () => object | undefined): void {
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) => {
    expect(name).toBe('node:sqlite');
    process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
    return load() as never;
  });
}

/** The class of a database that cannot be opened. */
function failing(error: Error) {
  return class {
    constructor() {
      throw error;
    }
  };
}

describe('where Node.js has SQLite', () => {
  const { emitWarning } = process;
  afterEach(() => {
    process.emitWarning = emitWarning;
  });

  it('it is used, its experimental warning is hidden, and other warnings are shown', () => {
    const warnings: unknown[] = [];
    process.emitWarning = (warning) => warnings.push(warning);
    loadWithWarning(() => ({ DatabaseSync: FakeDatabase }));
    expect(openDatabase('users.db')).toBeInstanceOf(FakeDatabase);
    expect(warnings).toEqual(['opened users.db']);
    expect(requirePackage).not.toHaveBeenCalled();
  });

  it('warnings are restored if it cannot be loaded', () => {
    loadWithWarning(() => {
      throw new Error('no memory');
    });
    expect(() => openDatabase('users.db')).toThrow('no memory');
    expect(process.emitWarning).toBe(emitWarning);
  });
});

describe('where Node.js has no SQLite', () => {
  it('better-sqlite3 is used', () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    vi.spyOn(process, 'emitWarning').mockReturnValue();
    requirePackage.mockReturnValue({ loaded: FakeDatabase });
    expect(openDatabase('users.db')).toMatchObject({ file: 'users.db' });
    expect(requirePackage).toHaveBeenCalledWith('better-sqlite3');
  });

  it('the error about a missing better-sqlite3 names the version to install', () => {
    const cause = Object.assign(new Error("Cannot find module 'better-sqlite3'"), { code: 'MODULE_NOT_FOUND' });
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    requirePackage.mockReturnValue({ error: cause });
    const message =
      'on Node.js 20 the store "sqlite:" needs the package better-sqlite3, which is not installed: npm install better-sqlite3@12';
    expect(() => openDatabase('users.db')).toThrow(StoreError);
    expect(() => openDatabase('users.db')).toThrow(
      expect.objectContaining({ code: 'STORE_UNAVAILABLE', message, cause }),
    );
  });

  it('an earlier Bun than 1.4 cannot open it, and better-sqlite3 is not tried', () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    vi.spyOn(process, 'versions', 'get').mockReturnValue({ ...process.versions, bun: '1.3.14' } as never);
    requirePackage.mockClear();
    const message = 'the store "sqlite:" needs Bun 1.4 or later, which has node:sqlite: this is Bun 1.3.14';
    expect(() => openDatabase('users.db')).toThrow(StoreError);
    expect(() => openDatabase('users.db')).toThrow(message);
    expect(requirePackage).not.toHaveBeenCalled();
  });

  it('an error of better-sqlite3 itself is unchanged', () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never);
    const error = Object.assign(new Error('unable to open database file'), { code: 'SQLITE_CANTOPEN' });
    requirePackage.mockReturnValue({ loaded: failing(error) });
    expect(() => openDatabase('users.db')).toThrow(error);
  });
});
