import { describe, expect, it } from 'vitest';
import { connect, openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { countTurns } from '../../support/turns.js';

describe("permissions of the app's own in a file", () => {
  it('stand beside those of Kapacitor', async () => {
    const file = storeFile();
    const repository = openRepository(file);
    await repository.insert(userNamed('kim', { permissions: ['api', 'a-b', 'clerk'] }));
    const connection = connect(file);
    expect(connection.value('SELECT permissions FROM users')).toBe('api,a-b,clerk');
  });
});

describe('the permissions in use', () => {
  const users = Array.from({ length: 3_500 }, (_, index) =>
    userNamed(`user${index}`, { permissions: [`p${index % 2}`] }),
  );

  it('are read in parts, between which other work has its turn', async () => {
    const repository = openRepository(storeFile());
    await repository.insertMany(users);
    const turns = countTurns();
    expect((await repository.permissionsInUse()).toSorted()).toEqual(['p0', 'p1']);
    expect(turns()).toBeGreaterThanOrEqual(3);
  });

  it('are read no further once the repository is closed', async () => {
    const repository = openRepository(storeFile());
    await repository.insertMany(users);
    const reading = repository.permissionsInUse();
    const outcome = expect(reading).rejects.toThrow('the user store is closed');
    await repository.close();
    await outcome;
  });
});
