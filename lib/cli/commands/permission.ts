import type { Command } from 'commander';
import { pathOfResource } from '../../authorization/named-path.js';
import type { Privilege } from '../../authorization/privileges.js';
import { type AccessRules, readAccessRules } from '../access-rules.js';
import type { Session } from '../session.js';
import { formatTable } from '../table.js';
import { UserStore } from '../user-store.js';
import { jsonOption } from './shared-options.js';

interface ListOptions {
  readonly json?: boolean;
  readonly names?: boolean;
}

type Opened = Readonly<Record<string, readonly Privilege[]>>;

/** `permission list`: the permissions that users can be given, and what they open. */
export function addPermissionCommands(program: Command, session: Session): void {
  const permission = program.command('permission').description('list permissions');
  jsonOption(permission.command('list').description('list the permissions that users can be given'))
    .option('--names', 'print the names only')
    .action(async ({ json = false, names = false }: ListOptions) => {
      const rules = await rulesOf(session);
      const permissions = [...rules.policy.permissions.keys()].map((name) => [name, openedBy(name, rules)] as const);
      if (json) await session.output.json({ permissions: Object.fromEntries(permissions) });
      else if (names) await session.output.write(permissions.map(([name]) => `${name}\n`).join(''));
      else
        await session.output.write(formatTable([['PERMISSION', 'PATH', 'PRIVILEGES'], ...permissions.flatMap(rows)]));
    });
}

/** A store need not exist: its configuration has the definitions. */
async function rulesOf(session: Session): Promise<AccessRules> {
  const place = session.placeOfRules();
  if (!(place instanceof UserStore)) {
    const rules = await session.withServer(place, readAccessRules);
    if (!rules.isKnown) {
      session.output.note("this server does not show permissions of its own: these are Kapacitor's");
    }
    return rules;
  }
  if (!place.rules.isKnown) {
    session.output.note(
      "no config file is named: these are Kapacitor's permissions, and an app may define more in code",
    );
  }
  return place.rules;
}

function openedBy(name: string, { policy }: AccessRules): Opened {
  const own = policy.definitions[name];
  if (own !== undefined) return own;
  const resources = policy.permissions.get(name) as ReadonlyMap<string, readonly Privilege[]>;
  return Object.fromEntries([...resources].map(([resource, privileges]) => [pathOfResource(resource), privileges]));
}

function rows([name, opened]: readonly [string, Opened]): string[][] {
  const entries = Object.entries(opened);
  if (entries.length === 0) return [[name, '/', 'none']];
  return entries.map(([path, privileges], index) => [index === 0 ? name : '', path, privileges.join(', ') || 'none']);
}
