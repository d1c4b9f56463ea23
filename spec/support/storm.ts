import type { UserRepository } from '../../lib/users/repository.js';
import type { SecretRepository } from '../../lib/users/secret.js';
import { keyOf } from './stored-secret.js';
import { userNamed } from './stored-user.js';

type Repository = Pick<UserRepository, 'find' | 'insert'> & { readonly secrets: SecretRepository };

/** Every second user of a storm loses its key again. The last part of its name is a number. */
const losesKey = (name: string) => Number(name.split('-').at(-1)) % 2 === 1;

/** Creates a user with a key, and removes every second key. */
export async function createInStorm(repository: Repository, name: string): Promise<void> {
  const { secrets } = repository;
  await repository.insert(userNamed(name));
  await secrets.insert(keyOf(name), '1', 1);
  if (losesKey(name)) await secrets.remove(name, 'key', keyOf(name).id);
}

/** The users of a storm who are not as they were when their creation was answered. */
export async function lostInStorm(repository: Repository, names: readonly string[]): Promise<string[]> {
  const lost: string[] = [];
  for (const name of names) {
    const hasKey = (await repository.secrets.find(keyOf(name).digest)) !== undefined;
    if ((await repository.find(name))?.name !== name || hasKey === losesKey(name)) lost.push(name);
  }
  return lost;
}
