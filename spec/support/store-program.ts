/**
 * A program that shares a store: `store-program FILE [NAME REVISION]`. It tells whether the store could be opened, and
 * then does the deeds that messages ask for, also several at a time: see store-process.ts for the other end. With a name
 * and a revision it gives the user this revision and ends.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SqliteUserRepository } from '../../lib/stores/sqlite/sqlite-repository.js';
import { DEFAULT_STORE_SETTINGS } from '../../lib/users/repository.js';
import type { SecretKind, StoredSecret } from '../../lib/users/secret.js';
import type { StoredUser } from '../../lib/users/user.js';
import { integrityOf } from './integrity.js';
import { userNamed } from './stored-user.js';
import { createInStorm, lostInStorm } from './storm.js';

/** The deeds that another process can ask for. */
export type Deeds = ReturnType<typeof deedsOf>;
export type Deed = keyof Deeds;

/** An error, as it is sent to another process. */
export type Failure = Readonly<Record<string, unknown>>;

export type Told =
  | { readonly isOpen: boolean; readonly failure?: Failure }
  | { readonly state: string; readonly reason: string | undefined }
  /** A user of the storm, whose creation has been answered. */
  | { readonly created: string }
  /** The answer to the question with this id. */
  | { readonly id: number; readonly answer?: unknown; readonly failure?: Failure };

export interface Question {
  readonly id: number;
  readonly deed: Deed;
  readonly args: readonly unknown[];
}

const tell = (told: Told) => process.send?.(told);

function deedsOf(repository: SqliteUserRepository, file: string) {
  const failures = repository.limits.limiter({ keyPrefix: 'pair', points: 10, duration: 600 });
  return {
    find: (name: string) => repository.find(name),
    hasAdmin: () => repository.hasAdmin(),
    insert: (user: StoredUser) => repository.insert(user),
    replace: (user: StoredUser, expectedRevision: string) => repository.replace(user, expectedRevision),
    remove: (name: string) => repository.remove(name),
    insertMany: (users: readonly StoredUser[]) => repository.insertMany(users),
    findSecret: (digest: string) => repository.secrets.find(digest),
    insertSecret: (secret: StoredSecret, ownerRevision: string) =>
      repository.secrets.insert(secret, ownerRevision, 100),
    removeSecret: ({ owner, kind, id }: StoredSecret) => repository.secrets.remove(owner, kind, id),
    listSecrets: (owner: string, kind: SecretKind) => repository.secrets.list(owner, kind),
    countFailure: async (key: string) => (await failures.penalty(key)).consumedPoints,
    lostInStorm: (names: readonly string[]) => lostInStorm(repository, names),
    backup: (file: string) => repository.backup(file),
    processId: () => process.pid,
    integrity: () => integrityOf(file),
    names: () => namesOf(repository),
    storm,
    handOn,
    openAtOnce,
    openInThread,
    openAndClose,
    close: () => repository.close(),
  };

  /** Creates users with keys until the process is killed or a creation fails; each that is answered is told. */
  async function storm(prefix: string, lanes = 20): Promise<void> {
    await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        for (let index = 0; ; index += 1) {
          const created = `${prefix}-${lane}-${index}`;
          await createInStorm(repository, created);
          tell({ created });
        }
      }),
    );
  }

  /** Hands the role of the only admin on from one to the next, until the process is killed. */
  async function handOn(names: readonly string[]): Promise<void> {
    const become = async (name: string, type: StoredUser['type']) => {
      const user = (await repository.find(name)) as StoredUser;
      await repository.replace({ ...user, type, revision: randomUUID() }, user.revision);
    };
    for (let round = 0; ; round += 1) {
      const [from, to] = [round, round + 1].map((index) => names[index % names.length] as string);
      await become(to as string, 'admin');
      await become(from as string, 'normal');
    }
  }
}

/** Opens another store at a moment that several processes agree on, makes the first admin there, and tells who is there. */
async function openAtOnce(file: string, at: number, admin: StoredUser): Promise<{ outcome: string; names: string[] }> {
  // A timer would be late, by another time in each process.
  while (Date.now() < at);
  const repository = new SqliteUserRepository(file);
  const outcome = await repository.insertFirstAdmin(admin);
  await repository.insert(userNamed(`${admin.name}'s user`));
  const names = await namesOf(repository);
  await repository.close();
  return { outcome, names };
}

/** Opens another store in a thread of its own, which keeps it open. */
async function openInThread(file: string): Promise<void> {
  await once(new Worker(process.argv[1] as string, { workerData: file }), 'message');
}

/** The program of that thread. It leaves something in the log. */
async function keepOpen(file: string): Promise<void> {
  await new SqliteUserRepository(file).insert(userNamed('of the thread'));
  parentPort?.on('message', () => {}).postMessage('open');
}

/** Opens another store in this thread for a moment. */
async function openAndClose(file: string): Promise<void> {
  await new SqliteUserRepository(file).close();
}

async function namesOf(repository: SqliteUserRepository): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of repository.snapshot()) names.push(name);
  return names;
}

async function changeAndEnd(repository: SqliteUserRepository, name: string, revision: string): Promise<void> {
  const user = (await repository.find(name)) as StoredUser;
  await repository.replace({ ...user, revision }, user.revision);
  await repository.close();
}

function sqliteFailure(error: unknown): Failure {
  const { name, message, cause } = error as Error;
  return { ...(error as object), name, message, ...(cause instanceof Error && { cause: { message: cause.message } }) };
}

async function answer(deeds: Deeds, { id, deed, args }: Question): Promise<void> {
  try {
    const act = deeds[deed] as (...args: readonly unknown[]) => unknown;
    tell({ id, answer: await act(...args) });
  } catch (error) {
    tell({ id, failure: sqliteFailure(error) });
  }
}

async function run(): Promise<void> {
  const [, , file, changed, revision] = process.argv;
  try {
    const repository = new SqliteUserRepository(file as string);
    await repository.open({ ...DEFAULT_STORE_SETTINGS, report: (state, reason) => tell({ state, reason }) });
    const deeds = deedsOf(repository, file as string);
    process.on('message', (question: Question) => void answer(deeds, question));
    tell({ isOpen: true });
    if (changed !== undefined && revision !== undefined) await changeAndEnd(repository, changed, revision);
  } catch (error) {
    tell({ isOpen: false, failure: sqliteFailure(error) });
  }
}

/** The program ends with the process that started it. */
process.on('disconnect', () => process.exit());
void (isMainThread ? run() : keepOpen(workerData as string));
