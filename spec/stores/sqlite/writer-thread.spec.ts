import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { userRepositoryContract } from 'kapacitor-auth/contract';
import { describe, expect, inject, it, vi } from 'vitest';
import { openStore } from '../../../lib/stores/sqlite/open-store.js';
import { insert } from '../../../lib/stores/sqlite/statements.js';
import { createWriterPort, WriterThread } from '../../../lib/stores/sqlite/writer-port.js';
import { openRepository, storeFile } from '../../support/sqlite-repository.js';
import { userNamed } from '../../support/stored-user.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

function program(): string {
  return inject('programs')['writer-thread'] as string;
}

// There is none beside the sources.
vi.mock('../../../lib/stores/sqlite/thread-program.cjs', () => ({ default: program }));

userRepositoryContract({ describe, it }, 'SqliteUserRepository with a thread that writes', {
  create: () => openRepository(storeFile()),
});

describe('the thread that writes', () => {
  /** A store, and what another connection to it needs. */
  function setUp() {
    const { files, connection } = openStore(join(temporaryFolder(), 'auth', 'users.db'));
    return { files, close: () => connection.close() };
  }

  it('makes changes, and ends when it is closed', async () => {
    const { files, close } = setUp();
    const thread = createWriterPort(files);
    expect(thread).toBeInstanceOf(WriterThread);
    const call = { method: 'write', changes: [insert(userNamed('someone')), insert(userNamed(''))] } as const;
    expect(await thread.ask(call)).toEqual({
      kind: 'done',
      outcomes: [
        { written: [{ name: 'someone' }], otherwise: undefined },
        { refused: expect.stringContaining('CHECK constraint failed') },
      ],
    });
    close();
    await thread.close();
  });

  it('is not started by close()', async () => {
    const { files, close } = setUp();
    close();
    expect(await createWriterPort(files).close()).toBeUndefined();
  });

  it.each([
    ['throws', "throw new Error('no memory')", 'no memory'],
    ['ends', 'process.exit()', 'the thread that writes has ended'],
  ])('that %s fails its call, and another one starts for the next call', async (_, code, reason) => {
    const { files, close } = setUp();
    const broken = join(dirname(files.file), 'broken.cjs');
    writeFileSync(broken, code);
    const thread = new WriterThread(broken, files);
    expect(await thread.ask({ method: 'probe' })).toEqual({ kind: 'failed', reason });
    writeFileSync(broken, `require(${JSON.stringify(program())})`);
    expect(await thread.ask({ method: 'probe' })).toEqual({ kind: 'done', outcomes: [] });
    await thread.close();
    close();
  });

  it('that hangs does not delay the end for long', async () => {
    const { files, close } = setUp();
    const hanging = join(dirname(files.file), 'hanging.cjs');
    writeFileSync(hanging, "require('node:worker_threads').parentPort.on('message', () => { for (;;); })");
    const thread = new WriterThread(hanging, files);
    const asked = thread.ask({ method: 'probe' });
    close();
    const from = performance.now();
    await thread.close();
    expect(performance.now() - from).toBeLessThan(4_000);
    const ended = { kind: 'failed', reason: 'the thread that writes has ended' };
    expect(await asked).toEqual(ended);
    expect(await thread.ask({ method: 'probe' })).toEqual(ended);
  });

  it('has backups made in another thread', async () => {
    const folder = temporaryFolder();
    const repository = openRepository(join(folder, 'auth', 'users.db'));
    await repository.insert(userNamed('someone'));
    const backup = join(folder, 'auth', 'backup.db');
    await repository.backup(backup);
    expect(openRepository(backup).find('someone')).toEqual(userNamed('someone'));
  });
});
