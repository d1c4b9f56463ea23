import { join } from 'node:path';
import express from 'express';
import { kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../support/cli.js';
import { ownSchema } from '../support/postgres-repository.js';
import { serve } from '../support/server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { KAPACITOR_DB, LISTED, passwordOf } from '../transfer/kapacitor-db/import.js';

/** Milliseconds, for some starts of a process on a machine that does much else. */
const DONE_WITHIN = 60_000;

const REFUSED = 'Refused:\n  "..": username must not be "." or ".."\n';

describe.each([
  { kind: 'SQLite', url: () => `sqlite:${join(temporaryFolder(), 'users.db')}` },
  { kind: 'PostgreSQL', url: ownSchema },
])('the users of a real Kapacitor, moved to $kind', ({ url }) => {
  it(
    'are complete, keep their passwords, and stay the same after a second import',
    async () => {
      const store = url();
      const names = LISTED.map(({ name }) => name).filter((name) => name !== '..');
      const onStore = (...args: string[]) => run([...args, '--store', store]);
      const summary = (words: string) => `Kapacitor database: ${words}, 0 replaced, 0 kept, 1 refused\n${REFUSED}`;

      const dryRun = await onStore('import', KAPACITOR_DB, '--dry-run');
      expect(dryRun.stdout).toBe(`A dry run: nothing is stored.\n${summary(`${names.length} new, 0 unchanged`)}`);
      const imported = await onStore('import', KAPACITOR_DB);
      expect(imported).toMatchObject({ exitCode: 0, stdout: summary(`${names.length} new, 0 unchanged`) });
      const listed = await onStore('user', 'list', '--json');
      // Kapacitor keeps no times.
      const account = { created: expect.any(String), passwordChanged: null, lastLogin: null };
      const users = LISTED.filter(({ name }) => name !== '..').map((user) => ({
        ...{ ...user, enabled: true, ...account },
        ...{ expires: null, mustChangePassword: false, note: null },
      }));
      expect(JSON.parse(listed.stdout)).toEqual(users);

      const auth = kapacitorAuth({ auth: { store, bcryptCost: 4, failureLimit: 0 } });
      onTestFinished(() => auth.close());
      const { send } = await serve(express().use(auth));
      const answers = await Promise.all(
        names.map((name) => send({ path: '/kapacitor/v1/me', auth: `${name}:${passwordOf(name)}` })),
      );
      expect(answers.map(({ status, body }) => ({ status, name: body.name }))).toEqual(
        names.map((name) => ({ status: 200, name })),
      );

      // Somebody has another password by now, and somebody else is gone.
      await auth.users.update('johndoe', { password: 'anotherPassword' });
      await auth.users.delete('upper');
      const again = await onStore('import', KAPACITOR_DB);
      expect(again.stdout).toBe(
        `Kapacitor database: 1 new, ${names.length - 2} unchanged, 0 replaced, 1 kept, 1 refused\n` +
          `Kept, although they differ from the file (--overwrite replaces them):\n  johndoe\n${REFUSED}`,
      );
      const changed = { path: '/kapacitor/v1/me', auth: 'johndoe:anotherPassword' };
      expect((await send(changed)).status).toBe(200);
    },
    DONE_WITHIN,
  );
});
