import type { Command } from 'commander';
import { KeyNotFoundError } from '../../errors.js';
import type { CreatedKey, Key } from '../../users/key-service.js';
import { RefusedError } from '../cli-error.js';
import { inSeconds } from '../print-users.js';
import { existingUser, type Session } from '../session.js';
import { formatTable } from '../table.js';
import { jsonOption, permissionOption } from './shared-options.js';

interface AddOptions {
  readonly name: string;
  readonly expires?: string;
  readonly permission?: string[];
  readonly json?: boolean;
}

/** `key add`, `list` and `delete`. */
export function addKeyCommands(program: Command, session: Session): void {
  const key = program.command('key').description('add, list and delete the keys that let machines in');
  const command = (name: string, description: string) => jsonOption(key.command(name).description(description));

  permissionOption(command('add', 'make a key of a user, and print it this once'))
    .argument('<NAME>', 'the user')
    .requiredOption('--name <KEY>', "tells the user's keys apart, such as the name of the program that uses it")
    .option('--expires <END>', 'a duration such as 90d or 12h, or a time such as 2027-01-31T00:00:00Z; none: never')
    .action((user: string, options: AddOptions) => addKey(session, user, options));

  command('list', 'list the keys of a user, the oldest first')
    .argument('<NAME>', 'the user')
    .action((user: string, { json = false }: { json?: boolean }) =>
      session.withUsers(async ({ users, keys }) => {
        await existingUser(users, user);
        const found = await keys.list(user);
        if (json) await session.output.json({ keys: found.map(keyJson) });
        else await session.output.write(formatTable([HEAD, ...found.map(keyRow)]));
      }),
    );

  command('delete', 'delete a key of a user: it lets nobody in any more')
    .argument('<NAME>', 'the user')
    .argument('<KEY>', 'its id, or its name')
    .action((user: string, idOrName: string, { json = false }: { json?: boolean }) =>
      session.withUsers(async ({ users, keys }) => {
        await existingUser(users, user);
        try {
          await keys.delete(user, idOrName);
        } catch (error) {
          throw error instanceof KeyNotFoundError ? noSuchKey(user, idOrName) : error;
        }
        if (json) await session.output.json({ deleted: [idOrName] });
        else await session.output.write(`deleted ${idOrName}\n`);
      }, session.placeToChange()),
    );
}

async function addKey(
  session: Session,
  user: string,
  { name, expires, permission: permissions, json = false }: AddOptions,
): Promise<void> {
  const { output } = session;
  const place = session.placeToChange();
  session.checkPermissions(place, permissions);
  await session.withUsers(async ({ users, keys }) => {
    await existingUser(users, user);
    const created = await keys.create(user, { name, expires, permissions });
    if (json) await output.json(keyJson(created));
    else await output.write(`${created.key}\n`);
    output.note(`this is the key ${JSON.stringify(name)} of ${user}. It is shown this once, and cannot be shown again`);
  }, place);
}

function noSuchKey(user: string, idOrName: string): RefusedError {
  return new RefusedError(`${user} has no key ${JSON.stringify(idOrName)}: "key list ${user}" shows them`);
}

const HEAD = ['NAME', 'ID', 'PERMISSIONS', 'CREATED', 'EXPIRES', 'LAST USED'];

function keyRow({ name, id, permissions, created, expires, lastUsed }: Key): string[] {
  const end = expires === undefined ? 'never' : inSeconds(expires);
  return [
    name,
    id,
    permissions === undefined ? "(its user's)" : permissions.join(', ') || 'none',
    inSeconds(created),
    expires !== undefined && expires.getTime() <= Date.now() ? `${end} (expired)` : end,
    lastUsed === undefined ? 'never' : inSeconds(lastUsed),
  ];
}

/** The fields of a key in a fixed order, whatever store or server it comes from. */
function keyJson(key: Key | CreatedKey): object {
  const { id, name, permissions, created, expires, lastUsed } = key;
  return { id, name, ...('key' in key && { key: key.key }), permissions, created, expires, lastUsed };
}
