import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { kill } from '../support/child-process.js';
import { AS_PROCESS_1 } from '../support/namespaces.js';
import type { Output } from './output.js';

/** How commands ended, and what they wrote. A server has not ended. */
export interface Outcome extends Output {
  readonly exitCode: number | undefined;
}

/**
 * A bash that runs the commands of a page, with a network of its own: every page may listen at the same ports. All that
 * it has started ends with it.
 */
export class Shell {
  readonly #bash: ChildProcess;
  readonly #folder: string;
  readonly #servers = new Map<string, string>();
  #count = 0;

  static async start(folder: string, env: NodeJS.ProcessEnv): Promise<Shell> {
    const [program = '', ...args] = AS_PROCESS_1;
    const bash = spawn(program, [...args, '--net', 'bash', '--norc', '--noprofile', '-s'], {
      cwd: folder,
      env,
      stdio: ['pipe', 'inherit', 'inherit', 'pipe'],
    });
    const shell = new Shell(bash, folder);
    // Each job is a group of processes, and stops as a whole.
    await shell.#ask('set -m\nip link set lo up');
    return shell;
  }

  private constructor(bash: ChildProcess, folder: string) {
    this.#bash = bash;
    this.#folder = folder;
  }

  /** Runs commands to their end. */
  async run(commands: string): Promise<Outcome> {
    const file = this.#nextFile();
    await this.#ask(`{\n${commands}\n} ${redirections(file)}\necho $? > ${file}.code`);
    return outcome(file);
  }

  /** Starts a server, and waits until it listens or has ended. The server that had this name before stops. */
  async serve(name: string, command: string): Promise<Outcome> {
    await this.#stop(name);
    const file = this.#nextFile();
    const before = this.#listening();
    const job = await this.#ask(`{\n${command}\necho $? > ${file}.code\n} ${redirections(file)} &\njob=$!`, '$job');
    this.#servers.set(name, job);
    while (this.#listening() === before && !existsSync(`${file}.code`)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return outcome(file);
  }

  async stopServers(): Promise<void> {
    for (const name of this.#servers.keys()) await this.#stop(name);
  }

  async close(): Promise<void> {
    await kill(this.#bash);
  }

  async #stop(name: string): Promise<void> {
    const job = this.#servers.get(name);
    if (job !== undefined) await this.#ask(`kill -KILL -- -${job}; wait ${job}`);
    this.#servers.delete(name);
  }

  /** Lets bash do this, and gives what it says when it is done. */
  async #ask(commands: string, said = 'done'): Promise<string> {
    const [stdin, replies] = [this.#bash.stdin as Writable, this.#bash.stdio[3] as Readable];
    const reply = Promise.race([once(replies, 'data'), once(this.#bash, 'exit').then(() => ['the shell has ended'])]);
    stdin.write(`${commands}\necho ${said} >&3\n`);
    return String((await reply)[0]).trim();
  }

  /** How many sockets listen in the network of the page. */
  #listening(): number {
    const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${this.#bash.pid}/net/${name}`, 'utf8'));
    return tables.join('\n').match(/^\s*\d+: \S+ \S+ 0A /gm)?.length ?? 0;
  }

  #nextFile(): string {
    this.#count += 1;
    return join(this.#folder, '..', `output-${this.#count}`);
  }
}

function redirections(file: string): string {
  return `</dev/null >${file}.out 2>${file}.err 3>&-`;
}

function outcome(file: string): Outcome {
  const read = (end: string) => (existsSync(`${file}.${end}`) ? readFileSync(`${file}.${end}`, 'utf8') : '');
  const code = read('code');
  return { exitCode: code === '' ? undefined : Number(code), stdout: read('out'), stderr: read('err') };
}
