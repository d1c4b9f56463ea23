/**
 * A process that shares users in PostgreSQL: run with the store's URL, it says `ready` when it is open, and then does
 * what messages tell it.
 */
import { randomUUID } from 'node:crypto';
import { LastAdminError, UserExistsError, UserNotFoundError } from '../../lib/errors.js';
import { completeRepository } from '../../lib/stores/complete.js';
import { PostgresUserRepository } from '../../lib/stores/postgres/postgres-repository.js';
import { NamePattern } from '../../lib/users/name-pattern.js';
import { PasswordPolicy } from '../../lib/users/password-policy.js';
import type { Permission } from '../../lib/users/permissions.js';
import type { UserRepository } from '../../lib/users/repository.js';
import type { StoredUser } from '../../lib/users/user.js';
import type { UserChanges } from '../../lib/users/user-fields.js';
import { UserService } from '../../lib/users/user-service.js';
import type { Attempt } from './user-history.js';

export type Question =
  /** Answered with what was asked and answered: {@link Storm}. */
  | { readonly do: 'storm'; readonly names: readonly string[]; readonly attempts: number }
  | { readonly do: 'read'; readonly names: readonly string[] }
  | { readonly do: 'insertFirstAdmin'; readonly user: StoredUser }
  /** Creates users until the process is killed; each name is sent when it has been answered. */
  | { readonly do: 'create'; readonly prefix: string };

export interface Storm {
  readonly attempts: readonly Attempt[];
  /** Unexpected errors. */
  readonly errors: readonly string[];
}

export interface Reading {
  readonly found: readonly StoredUser[];
  readonly listed: readonly StoredUser[];
}

const repository = new PostgresUserRepository(process.argv[2] as string);
const send = (message: unknown) => process.send?.(message);

const attempts: Attempt[] = [];

/** The repository, where each attempt to change something is written down. */
const recorded: UserRepository = {
  find: (name) => repository.find(name),
  list: (query) => repository.list(query),
  insert: async (user) => {
    const outcome = record({ does: 'insert', name: user.name, user }, async () => {
      return (await repository.insert(user)) ? 'inserted' : 'exists';
    });
    return (await outcome) === 'inserted';
  },
  replace: (user, expectedRevision) =>
    record({ does: 'replace', name: user.name, user, expectedRevision }, () =>
      repository.replace(user, expectedRevision),
    ),
  remove: (name) => record({ does: 'remove', name }, () => repository.remove(name)),
};

async function record<T extends Attempt['outcome']>(
  attempt: Pick<Attempt, 'does' | 'name' | 'user' | 'expectedRevision'>,
  make: () => Promise<T>,
): Promise<T> {
  const asked = Date.now();
  const done = (outcome: Attempt['outcome']) => attempts.push({ ...attempt, asked, answered: Date.now() + 1, outcome });
  try {
    const outcome = await make();
    done(outcome);
    return outcome;
  } catch (error) {
    done('error');
    throw error;
  }
}

function pick<T>(...from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)] as T;
}

const hash = async () => `$2b$04$${randomUUID()}${'.'.repeat(17)}`;
const users = new UserService({
  repository: completeRepository(recorded),
  hasher: { hash, canVerify: () => false, verify: async () => undefined },
  policy: new PasswordPolicy({ minimumLength: 0 }),
  audit: () => {},
});
const anyPermissions = (): Permission[] => pick([], ['api'], ['api', 'config_api'], ['all']);

/** One of the things that an admin does. */
async function manage(name: string): Promise<void> {
  const change = pick<UserChanges | 'create' | 'delete'>(
    'create',
    'create',
    'delete',
    { type: 'admin' },
    { type: 'normal' },
    { type: 'normal' },
    { enabled: true },
    { enabled: false },
    { permissions: anyPermissions() },
    { password: 'another one' },
  );
  if (change === 'create') {
    await users.create({ name, password: 'secret', type: pick('admin', 'normal'), permissions: anyPermissions() });
  } else if (change === 'delete') await users.delete(name);
  else await users.update(name, change);
}

/** The same, without the rules that look before they leap. */
async function change(name: string): Promise<void> {
  const user: StoredUser = {
    name,
    type: pick('admin', 'normal', 'normal'),
    permissions: [],
    enabled: pick(true, false),
    hash: await hash(),
    revision: randomUUID(),
  };
  const does = pick('insert', 'remove', 'replace', 'replace');
  if (does === 'insert') await recorded.insert(user);
  else if (does === 'remove') await recorded.remove(name);
  else await recorded.replace(user, (await repository.find(name))?.revision ?? 'none');
}

async function storm(names: readonly string[], count: number): Promise<Storm> {
  const errors: string[] = [];
  const lane = async (act: (name: string) => Promise<void>) => {
    while (attempts.length < count) {
      await act(pick(...names)).catch((error: Error) => {
        const isExpected = [LastAdminError, UserExistsError, UserNotFoundError].some((type) => error instanceof type);
        if (!isExpected) errors.push(String(error));
      });
    }
  };
  await Promise.all([lane(manage), lane(change)]);
  return { attempts, errors };
}

async function read(names: readonly string[]): Promise<Reading> {
  const found = await Promise.all(names.map((name) => repository.find(name)));
  const listed = await repository.list({ pattern: new NamePattern(''), after: undefined, offset: 0, limit: 100 });
  return { found: found.filter((user) => user !== undefined), listed };
}

async function create(prefix: string): Promise<void> {
  await Promise.all(
    Array.from({ length: 10 }, async (_, lane) => {
      for (let index = 0; ; index += 1) {
        const name = `${prefix}-${lane}-${index}`;
        const revision = name;
        await repository.insert({ name, type: 'normal', permissions: [], enabled: true, hash: await hash(), revision });
        send({ created: name });
      }
    }),
  );
}

process.on('message', async (question: Question) => {
  if (question.do === 'storm') send(await storm(question.names, question.attempts));
  else if (question.do === 'read') send(await read(question.names));
  else if (question.do === 'insertFirstAdmin') send(await repository.insertFirstAdmin(question.user));
  else await create(question.prefix);
});

void repository.open().then(() => send('ready'));
