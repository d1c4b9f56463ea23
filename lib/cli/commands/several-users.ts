import { type CliError, EXIT, exitCodeOf, messageOf } from '../cli-error.js';
import type { ManagedUser, ManagedUsers, OperationOutcome, UserOperation } from '../managed-users.js';
import { printUsers, type UserFormat, userJson } from '../print-users.js';
import { noSuchUser, type Session } from '../session.js';

/** Users that are asked for at once. */
const AT_ONCE = 10;

/**
 * The users of these names.
 *
 * @throws {RefusedError} some of them do not exist; names these
 */
export async function requireUsers(users: ManagedUsers, names: readonly string[]): Promise<ManagedUser[]> {
  const [first, ...others] = names;
  // The first request may find out where the API of a server is.
  const found: (ManagedUser | undefined)[] = [await users.get(first as string)];
  for (let begin = 0; begin < others.length; begin += AT_ONCE) {
    found.push(...(await Promise.all(others.slice(begin, begin + AT_ONCE).map((name) => users.get(name)))));
  }
  const missing = names.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) throw noSuchUser(...missing);
  return found as ManagedUser[];
}

/** Changes several users, and prints what became of each. Returns those who were changed. */
export async function changeSeveral(
  session: Session,
  users: ManagedUsers,
  operations: readonly UserOperation[],
  { json = false }: UserFormat,
): Promise<ManagedUser[]> {
  const changed: ManagedUser[] = [];
  await runSeveral(session, users, operations, async (outcomes, failed) => {
    for (const { user } of outcomes) if (user !== undefined) changed.push(user);
    if (json) await session.output.json({ changed: changed.map(userJson), failed });
    else if (changed.length > 0) await printUsers(session.output, [changed], {});
  });
  return changed;
}

/** Deletes several users, and prints what became of each. */
export async function deleteSeveral(
  session: Session,
  users: ManagedUsers,
  operations: readonly UserOperation[],
  { json = false }: UserFormat,
): Promise<void> {
  await runSeveral(session, users, operations, async (outcomes, failed) => {
    const deleted = outcomes.filter(({ error }) => error === undefined).map(({ name }) => name);
    if (json) await session.output.json({ deleted, failed });
    else for (const name of deleted) await session.output.write(`deleted ${name}\n`);
  });
}

/** An operation that was not done, as programs read it. */
interface Failed {
  readonly name: string;
  readonly reason: string;
}

type Print = (outcomes: readonly OperationOutcome[], failed: readonly Failed[]) => Promise<void>;

/** If the store or the server stops answering, what was done before is printed all the same. */
async function runSeveral(
  session: Session,
  users: ManagedUsers,
  operations: readonly UserOperation[],
  print: Print,
): Promise<void> {
  const outcomes: OperationOutcome[] = [];
  try {
    for await (const outcome of users.batch(operations)) outcomes.push(outcome);
  } finally {
    const refused = outcomes.flatMap(({ name, error }) =>
      error === undefined ? [] : [{ name, reason: messageOf(error as CliError) }],
    );
    const open = operations.slice(outcomes.length).map(({ name }) => name);
    await print(outcomes, [...refused, ...open.map((name) => ({ name, reason: 'not done, as far as is known' }))]);
    for (const { name, reason } of refused) session.output.note(`${name}: ${reason}`);
    if (open.length > 0) session.output.note(`not done, as far as is known: ${open.join(', ')}`);
  }
  const codes = outcomes.flatMap(({ error }) => (error === undefined ? [] : [exitCodeOf(error)]));
  if (codes.length > 0) session.exitCode = codes.includes(EXIT.unreachable) ? EXIT.unreachable : EXIT.refused;
}
