import type { Command } from 'commander';
import { didYouMean, inWords } from '../../argument-checks.js';
import { explain, privilegesOf } from '../../authorization/explain.js';
import { DEFAULT_API_PATH } from '../../authorization/own-endpoints.js';
import { isKnownMethod, isPrivilege, type Privilege } from '../../authorization/privileges.js';
import { printable } from '../../safe-text.js';
import { readAccessRules } from '../access-rules.js';
import { toUser } from '../answered-user.js';
import type { ApiClient } from '../api-client.js';
import { EXIT, RefusedError, UnreachableError, UsageError } from '../cli-error.js';
import type { ManagedUser } from '../managed-users.js';
import { printUser, type UserFormat, userJson } from '../print-users.js';
import type { AskedAccess } from '../remote-access.js';
import { RemoteUsers } from '../remote-users.js';
import { existingUser, type OpenUsers, type Session } from '../session.js';
import { formatTable } from '../table.js';
import { chooseTarget, type ServerTarget } from '../target.js';
import { jsonOption } from './shared-options.js';

/** RFC 9110, section 9.1: a method is a token. In practice it has letters only. */
const METHOD = /^[a-z]+(?:-[a-z]+)*$/i;
const ME = `${DEFAULT_API_PATH}/me`;

type Privileges = Readonly<Record<string, readonly Privilege[]>>;

/** `can`: whether a user may make a request, and the reason. */
export function addCan(program: Command, session: Session): void {
  jsonOption(program.command('can').description('tell whether a user may make a request, and why'))
    .argument('<USER>')
    .argument('<METHOD>', 'such as GET')
    .argument('<PATH>', 'such as /kapacitor/v1/tasks')
    .action(async (name: string, givenMethod: string, path: string, { json = false }: { json?: boolean }) => {
      if (!METHOD.test(givenMethod)) {
        throw new UsageError('the method comes before the path: can USER GET /kapacitor/v1/tasks');
      }
      const method = givenMethod.toUpperCase();
      if (isPrivilege(givenMethod) && !isKnownMethod(method)) {
        throw new UsageError(`"${givenMethod}" is a privilege: a request has a method, such as GET`);
      }
      if (!path.startsWith('/')) {
        throw new UsageError(`the path begins with a slash${didYouMean(printable(`/${path}`))}`);
      }
      await session.withUsers(async (open) => {
        const { allowed, ...why } = await explainAccess(session, open, { name, method, path });
        if (json) await session.output.json({ user: name, method, path, allowed, ...why });
        else await session.output.write(`${allowed ? 'yes' : 'no'}: ${why.reason}\n`);
        session.exitCode = allowed ? EXIT.done : EXIT.refused;
      });
    });
}

/** A server knows best. A real Kapacitor, an older server, and one that does not tell this user, show their rules at most. */
async function explainAccess(session: Session, { users, explainAccess, readRules }: OpenUsers, asked: AskedAccess) {
  const user = await existingUser(users, asked.name);
  const told = await explainAccess?.(asked);
  if (told !== undefined) return told;
  const { policy, isKnown } = await readRules();
  const unknown = user.permissions.filter((each) => !policy.permissions.has(each));
  if (unknown.length > 0) session.output.note(undefinedNote(unknown, isKnown));
  const account = { ...user, expires: user.expires ?? undefined };
  const { allowed, privilege, resource = null, reason } = explain(policy, account, asked.method, asked.path);
  return { allowed, privilege, resource, reason };
}

function undefinedNote(names: readonly string[], isKnown: boolean): string {
  const [is, opens] = names.length === 1 ? ['is', 'opens'] : ['are', 'open'];
  return isKnown
    ? `${inWords(names)} ${is} not defined as far as is known here, and ${opens} nothing`
    : `it is not known here what ${inWords(names)} ${opens}. Ask the app as an admin: --url http://ADMIN@HOST`;
}

/** `whoami`: the user that a server has authenticated, and its privileges. */
export function addWhoami(program: Command, session: Session): void {
  const command = program.command('whoami').description('show the user that a server knows you as, and its privileges');
  jsonOption(command).action(async (options: UserFormat) => {
    const target = chooseTarget(session.options, session.environment, process.cwd());
    if (target.kind !== 'server') {
      throw new UsageError('"whoami" asks a server: name one with --url http://USER@HOST:9092');
    }
    await session.withServer(target, async (client) => {
      const { user, privileges } = await askWho(client, target);
      if (privileges === undefined) {
        session.output.note(`this server has no ${ME}, like a real Kapacitor: your privileges are not known`);
      }
      if (options.json) {
        await session.output.json({ ...userJson(user), ...(privileges && { privileges }) });
        return;
      }
      await printUser(session.output, user, {});
      if (privileges !== undefined) await session.output.write(`\n${formatTable(privilegeRows(privileges))}`);
    });
  });
}

async function askWho(
  client: ApiClient,
  { address }: ServerTarget,
): Promise<{ user: ManagedUser; privileges: Privileges | undefined }> {
  try {
    const { body } = await client.send('GET', '/me');
    const user = toUser(body);
    if (isPrivileges(body.privileges)) return { user, privileges: body.privileges };
    return { user, privileges: privilegesOf((await readAccessRules(client)).policy, user) };
  } catch (error) {
    if (!(error instanceof UnreachableError) || address.user === undefined) throw error;
    // A real Kapacitor has no such path, but it has the users. Other servers fail here as well.
    const user = await new RemoteUsers(client).get(address.user);
    if (user === undefined) throw new RefusedError(`the server accepts ${address.user}, but has no such user`);
    return { user, privileges: undefined };
  }
}

function isPrivileges(value: unknown): value is Privileges {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(
    ([resource, held]) => isResource(resource) && Array.isArray(held) && held.every(isPrivilege),
  );
}

/** `/api/orders-2/caf%C3%A9`. A terminal obeys some other characters. */
function isResource(text: string): boolean {
  return text.startsWith('/') && printable(text) === text;
}

function privilegeRows(privileges: Privileges): string[][] {
  const rows = Object.entries(privileges).map(([resource, held]) => [resource, held.join(', ') || 'none']);
  return [['RESOURCE', 'PRIVILEGES'], ...rows];
}
