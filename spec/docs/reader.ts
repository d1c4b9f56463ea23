import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { linkPackages } from '../package/consumer-project.js';
import { isBuilt } from '../support/built.js';
import { environmentOf } from '../support/cli.js';
import { ROOT } from './markdown.js';
import { type Outcome, Shell } from './shell.js';
import type { Step } from './steps.js';

/** Somebody who follows a page, with an empty folder and an empty home. */
export class Reader {
  readonly folder: string;
  readonly #parent: string;
  readonly #shell: Shell;

  static async start(): Promise<Reader> {
    if (!isBuilt()) throw new Error('the documentation is tried with what is built: npm run build');
    const parent = mkdtempSync(join(tmpdir(), 'kapacitor-auth-docs-'));
    const folder = join(parent, 'app');
    const [home, bin] = [join(parent, 'home'), join(parent, 'bin')];
    for (const one of [folder, home, bin]) mkdirSync(one);
    linkPackages(readdirSync(join(ROOT, 'node_modules')), folder);
    symlinkSync(ROOT, join(folder, 'node_modules/kapacitor-auth'), 'junction');
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    copyFileSync(join(ROOT, 'spec/kapacitor/kapacitor.db'), join(folder, 'kapacitor.db'));
    writeFileSync(join(home, '.curlrc'), 'silent\nshow-error\n');
    for (const [name, script] of Object.entries(SUBSTITUTES)) {
      writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    }
    const path = [bin, dirname(process.execPath), process.env['PATH']].join(delimiter);
    return new Reader(
      parent,
      folder,
      await Shell.start(folder, environmentOf({ HOME: home, PATH: path, LC_ALL: 'C' })),
    );
  }

  private constructor(parent: string, folder: string, shell: Shell) {
    this.#parent = parent;
    this.folder = folder;
    this.#shell = shell;
  }

  /** Does what the page says. A step that only writes a file has no outcome. */
  async do(step: Step): Promise<Outcome | undefined> {
    switch (step.kind) {
      case 'refuse':
        throw new Error(step.reason);
      case 'write':
        writeFileSync(join(this.folder, step.file), step.text);
        return undefined;
      case 'run':
        return this.#run(step.commands);
      case 'try':
        await this.#shell.stopServers();
        return this.#shell.serve(step.file, `node ${step.file}`);
    }
  }

  async close(): Promise<void> {
    await this.#shell.close();
    rmSync(this.#parent, { recursive: true, force: true });
  }

  #run(commands: string): Promise<Outcome> {
    if (/^(?:\w+=\S+ )*npx kapacitor-auth serve /.test(commands)) return this.#shell.serve('kapacitor-auth', commands);
    const program = /^(?:\w+=\S+ )*node ([\w.-]+)$/.exec(commands)?.[1];
    const isServer = program !== undefined && readFileSync(join(this.folder, program), 'utf8').includes('.listen(');
    return isServer ? this.#shell.serve(program, commands) : this.#shell.run(commands);
  }
}

/** Programs that would ask the registry, or a person at a terminal. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  npm: '[ "$1" = install ]',
  npx: `program=$1; shift
if [ "$program" != kapacitor-auth ]; then exec "./node_modules/.bin/$program" "$@"; fi
case " $* " in
  *--password*) ;;
  " user add "* | " user passwd "*)
    printf 'examplePassword\\n' | node node_modules/kapacitor-auth/dist/lib/cli/bin.js "$@" --password-stdin
    exit ;;
esac
exec node node_modules/kapacitor-auth/dist/lib/cli/bin.js "$@"`,
};
