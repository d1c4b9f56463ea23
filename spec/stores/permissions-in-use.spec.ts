import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPermissionsOfStore } from '../../lib/stores/permissions-in-use.js';
import { openRepository } from '../support/sqlite-repository.js';
import { userNamed } from '../support/stored-user.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const CLERK = userNamed('kim', { permissions: ['api', 'clerk'] });
const contentsOf = (folder: string) =>
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('base64')]);

describe('a look for the permissions in use', () => {
  it('reads a store that nobody uses, and leaves it as it was', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(join(folder, 'users.db'));
    await repository.insert(CLERK);
    await repository.close();
    const before = contentsOf(folder);
    expect([...(await readPermissionsOfStore(`sqlite:${folder}/users.db`))].sort()).toEqual(['api', 'clerk']);
    expect(contentsOf(folder)).toEqual(before);
  });

  it('reads a store that a server uses', async () => {
    const file = join(temporaryFolder(), 'users.db');
    const repository = openRepository(file);
    await repository.insert(CLERK);
    expect(await readPermissionsOfStore(`sqlite:${file}`)).toHaveLength(2);
    expect(await repository.insert(userNamed('sam'))).toBe(true);
  });

  it('makes no store, and no tables in an empty file', async () => {
    const folder = temporaryFolder();
    expect(await readPermissionsOfStore(`sqlite:${folder}/folder/users.db`)).toEqual([]);
    expect(existsSync(join(folder, 'folder'))).toBe(false);
    writeFileSync(join(folder, 'empty.db'), '');
    expect(await readPermissionsOfStore(`sqlite:${folder}/empty.db`)).toEqual([]);
    expect(contentsOf(folder)).toEqual([['empty.db', '']]);
    expect(await readPermissionsOfStore('memory:')).toEqual([]);
  });

  it('fails if the file is no store', async () => {
    const file = join(temporaryFolder(), 'users.db');
    writeFileSync(file, 'x'.repeat(10_000));
    await expect(readPermissionsOfStore(`sqlite:${file}`)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
