import { expect, it, vi } from 'vitest';
import { Connection } from '../../../../lib/users/repositories/sqlite/connection.js';
import { openRepository, storeFile } from '../../../support/sqlite-repository.js';
import { userNamed } from '../../../support/stored-user.js';

it('the tables that another process makes at the same moment are used', async () => {
  const file = storeFile();
  const make = Connection.prototype.inTransaction;
  let isMade = false;
  vi.spyOn(Connection.prototype, 'inTransaction').mockImplementation(function <T>(this: Connection, run: () => T): T {
    if (!isMade) {
      isMade = true;
      void openRepository(file).insert(userNamed('first'));
    }
    return make.call(this, run) as T;
  });
  const repository = openRepository(file);
  expect(await repository.insert(userNamed('second'))).toBe(true);
  expect(repository.find('first')).toEqual(userNamed('first'));
});
