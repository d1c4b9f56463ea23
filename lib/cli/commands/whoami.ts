import type { Command } from 'commander';
import type { Privilege } from '../../authorization/privileges.js';
import { privilegesOf } from '../../authorization/privileges.js';
import type { User } from '../../users/user.js';
import type { ApiClient } from '../api-client.js';
import { RefusedError, UnreachableError, UsageError } from '../cli-error.js';
import { RemoteUsers, toUser } from '../remote-users.js';
import type { Session } from '../session.js';
import { formatTable } from '../table.js';
import { chooseTarget, type ServerTarget } from '../target.js';
import { printUser, type UserFormat, userJson } from '../user-output.js';
import { jsonOption } from './user-options.js';

const ME = '/kapacitor/v1/me';

type Privileges = Readonly<Record<string, readonly Privilege[]>>;

/** `whoami`: as whom a server lets its caller in, and what for. */
export function addWhoami(program: Command, session: Session): void {
  jsonOption(program.command('whoami').description('show who you are to a server, and what you may there')).action(
    async (options: UserFormat) => {
      const target = chooseTarget(session.options, session.environment, process.cwd());
      if (target.kind !== 'server') {
        throw new UsageError('who you are is for a server to say: name one with --url http://USER@HOST:9092');
      }
      await session.withServer(target, async (client) => {
        const { user, privileges } = await ask(client, target);
        if (privileges === undefined) {
          session.output.note(
            'this server has no /kapacitor/v1/me, as a real Kapacitor has none: what you may is not known',
          );
        }
        if (options.json) {
          await session.output.json({ ...userJson(user), ...(privileges && { privileges }) });
          return;
        }
        await printUser(session.output, user, {});
        if (privileges !== undefined) await session.output.write(`\n${formatTable(rowsOf(privileges))}`);
      });
    },
  );
}

async function ask(
  client: ApiClient,
  { address }: ServerTarget,
): Promise<{ user: User; privileges: Privileges | undefined }> {
  try {
    const { body } = await client.send('GET', ME);
    const user = toUser(body);
    return { user, privileges: isPrivileges(body.privileges) ? body.privileges : privilegesOf(user) };
  } catch (error) {
    if (!(error instanceof UnreachableError) || address.user === undefined) throw error;
    // Where there is no such address there may be users all the same: whether it is that, their address tells.
    const user = await new RemoteUsers(client).get(address.user);
    if (user === undefined) throw new RefusedError(`the server lets ${address.user} in, and has no such user`);
    return { user, privileges: undefined };
  }
}

function isPrivileges(value: unknown): value is Privileges {
  if (typeof value !== 'object' || value === null) return false;
  const isWord = (word: unknown) => typeof word === 'string' && /^[\w/]+$/.test(word);
  return Object.entries(value).every(
    ([resource, held]) => isWord(resource) && Array.isArray(held) && held.every(isWord),
  );
}

function rowsOf(privileges: Privileges): string[][] {
  const rows = Object.entries(privileges).map(([resource, held]) => [resource, held.join(', ') || 'none']);
  return [['RESOURCE', 'PRIVILEGES'], ...rows];
}
