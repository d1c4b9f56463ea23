import { RefusedError, UsageError } from '../cli-error.js';
import { askYesOrNo } from '../prompt.js';
import { noSuchUser, type Session } from '../session.js';
import { questionStream } from '../streams.js';

/** How many names a question has; of more it says how many there are. */
const SHOWN = 5;

/** Deletes users, after a question. If one of them is not there, none is deleted. */
export async function deleteUsers(
  session: Session,
  given: readonly string[],
  { yes = false, json = false }: { readonly yes?: boolean; readonly json?: boolean },
): Promise<void> {
  if (!yes && questionStream(session.streams) === undefined) {
    throw new UsageError('there is no terminal to ask on whether you are sure: --yes deletes without a question');
  }
  const names = [...new Set(given)];
  await session.withUsers(async ({ users }) => {
    const missing: string[] = [];
    for (const name of names) if ((await users.get(name)) === undefined) missing.push(name);
    if (missing.length > 0) throw noSuchUser(...missing);
    if (!yes && !(await askYesOrNo(session.streams, `Delete ${listed(names)}?`))) {
      throw new RefusedError('nothing is deleted');
    }
    const deleted: string[] = [];
    try {
      for (const name of names) if (await users.delete(name)) deleted.push(name);
    } finally {
      // Also when one of them cannot be deleted: those before are gone.
      if (json) await session.output.json({ deleted });
      else for (const name of deleted) await session.output.write(`deleted ${name}\n`);
    }
  }, session.placeToChange());
}

function listed(names: readonly string[]): string {
  return names.length <= SHOWN ? names.join(', ') : `${names.length} users, ${names.slice(0, SHOWN).join(', ')}, …`;
}
