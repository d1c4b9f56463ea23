import { MemoryUserRepository } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { exportUsers } from '../../lib/transfer/json-lines.js';
import { userNamed } from '../support/stored-user.js';

async function* users(count: number) {
  for (let index = 0; index < count; index += 1) yield userNamed(`user${index}`);
}

describe('exporting users', () => {
  it('writes a line for each user, with the hash and without the revision', async () => {
    const repository = new MemoryUserRepository();
    repository.insert(userNamed('Größe', { permissions: ['api'], enabled: false }));
    const written: string[] = [];
    const count = await exportUsers(repository.snapshot(), async (text) => void written.push(text));
    expect(count).toEqual({ users: 1, keys: 0 });
    const { hash } = userNamed('Größe');
    expect(written.join('')).toBe(
      `{"name":"Größe","type":"normal","permissions":["api"],"enabled":false,"hash":"${hash}"}\n`,
    );
  });

  it('writes a thousand at a time, and waits until they are written', async () => {
    const write = vi.fn(async (_text: string) => {});
    expect(await exportUsers(users(2_001), write)).toEqual({ users: 2_001, keys: 0 });
    expect(write.mock.calls.map(([text]) => text.split('\n').length - 1)).toEqual([1_000, 1_000, 1]);
  });

  it('writes nothing for an empty store', async () => {
    const write = vi.fn(async () => {});
    expect(await exportUsers(users(0), write)).toEqual({ users: 0, keys: 0 });
    expect(write).not.toHaveBeenCalled();
  });
});
