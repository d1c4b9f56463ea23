import type { Command } from 'commander';
import { opaqueString } from '../../users/password.js';
import type { PasswordOptions } from '../password-input.js';
import type { Session } from '../session.js';
import { chooseConfig } from '../target.js';
import { passwordOptions } from './user-options.js';

/** `hash`: what would be stored of a password. */
export function addHash(program: Command, session: Session): void {
  passwordOptions(program.command('hash'))
    .description('print the bcrypt hash of a password that keeps the rules, with the cost of the configuration')
    .action(async (options: PasswordOptions) => {
      const { policy, hasher } = session.userStore(chooseConfig(session.options, session.environment, process.cwd()));
      const password = await session.readPassword(options, { prompt: 'Password', userName: '', policy });
      await session.output.write(`${await hasher.hash(opaqueString(password))}\n`);
    });
}
