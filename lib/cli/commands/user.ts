import type { Command } from 'commander';
import type { Session } from '../session.js';
import { addAdding } from './adding-users.js';
import { addChanging } from './changing-users.js';
import { addDeleting } from './deleting-users.js';
import { addReading } from './reading-users.js';
import { jsonOption, type NewCommand } from './shared-options.js';

/** `user list`, `show`, `add`, `set`, `passwd`, `enable`, `disable` and `delete`. */
export function addUserCommands(program: Command, session: Session): void {
  const user = program.command('user').description('list, show and change users');
  const command: NewCommand = (name, description) => jsonOption(user.command(name).description(description));
  addReading(command, session);
  addAdding(command, session);
  addChanging(command, session);
  addDeleting(command, session);
}
