import { RefusedError } from '../cli-error.js';
import type { UserFormat } from '../print-users.js';
import { askYesOrNo, requireTerminal } from '../prompt.js';
import type { Session } from '../session.js';
import { deleteSeveral, requireUsers } from './several-users.js';
import type { NewCommand } from './shared-options.js';

/** The question has at most this many names. */
const SHOWN_NAMES = 5;
const NO_TERMINAL = 'there is no terminal to ask for confirmation: --yes deletes without asking';

interface DeleteOptions extends UserFormat {
  readonly yes?: boolean;
}

/** `user delete`. */
export function addDeleting(command: NewCommand, session: Session): void {
  command('delete', 'delete users, after a question')
    .argument('<NAME...>')
    .option('-y, --yes', 'delete without asking')
    .action((names: string[], options: DeleteOptions) => deleteUsers(session, names, options));
}

/** Deletes no user if one of them does not exist. */
async function deleteUsers(
  session: Session,
  given: readonly string[],
  { yes = false, json = false }: DeleteOptions,
): Promise<void> {
  const { streams, output } = session;
  if (!yes) requireTerminal(streams, NO_TERMINAL);
  const names = [...new Set(given)];
  const shown =
    names.length > SHOWN_NAMES
      ? `${names.length} users, ${names.slice(0, SHOWN_NAMES).join(', ')}, …`
      : names.join(', ');
  await session.withUsers(async ({ users }) => {
    const found = await requireUsers(users, names);
    if (!yes && !(await askYesOrNo(streams, `Delete ${shown}?`, NO_TERMINAL))) {
      throw new RefusedError('nothing is deleted');
    }
    // A user that was changed while the question was there may be another one.
    const operations = names.map(
      (name, index) => ({ op: 'delete', name, version: yes ? undefined : found[index]?.version }) as const,
    );
    const [only] = operations;
    if (only === undefined || operations.length > 1) {
      await deleteSeveral(session, users, operations, { json });
      return;
    }
    await users.delete(only.name, only.version);
    if (json) await output.json({ deleted: names, failed: [] });
    else await output.write(`deleted ${only.name}\n`);
  }, session.placeToChange());
}
