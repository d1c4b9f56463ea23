import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../completion.js';
import type { Session } from '../session.js';

/** `completion`: what a shell needs to complete these commands. */
export function addCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .description('print a script that completes commands and options: source <(kapacitor-auth completion bash)')
    .addArgument(new Argument('<SHELL>').choices(SHELLS))
    .action((shell: Shell) => session.output.write(completionScript(program, shell)));
}
