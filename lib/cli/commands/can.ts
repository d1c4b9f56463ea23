import type { Command } from 'commander';
import { explain } from '../../authorization/decide.js';
import { UsageError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import { existingUser, type Session } from '../session.js';
import { jsonOption } from './user-options.js';

/** RFC 9110, section 9.1: methods are tokens, and in practice they are letters. */
const METHOD = /^[a-z]+(?:-[a-z]+)*$/i;

/** `can`: whether a user may make a request, and why. */
export function addCan(program: Command, session: Session): void {
  jsonOption(program.command('can').description('tell whether a user may make a request, and why'))
    .argument('<USER>')
    .argument('<METHOD>', 'such as GET')
    .argument('<PATH>', 'such as /kapacitor/v1/tasks')
    .action(async (name: string, givenMethod: string, path: string, { json = false }: { json?: boolean }) => {
      if (!METHOD.test(givenMethod)) {
        throw new UsageError('the method comes before the path: can USER GET /kapacitor/v1/tasks');
      }
      if (!path.startsWith('/')) throw new UsageError('the path begins with a slash: /kapacitor/v1/tasks');
      const method = givenMethod.toUpperCase();
      await session.withUsers(async ({ users }) => {
        const user = await existingUser(users, name);
        const { allowed, privilege, resource = null, reason } = explain(user, method, path);
        if (json) await session.output.json({ user: name, method, path, allowed, privilege, resource, reason });
        else await session.output.write(`${allowed ? 'yes' : 'no'}: ${reason}\n`);
        session.exitCode = allowed ? EXIT.done : EXIT.refused;
      });
    });
}
