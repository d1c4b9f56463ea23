import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';

/** Not by its name: the child may run in a folder from which tsx cannot be found. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

export interface ExampleOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Modules to load before the example, as URLs. */
  readonly imports?: readonly string[];
}

/** An example that runs as a process of its own, until the test is over. */
export class Example {
  /** The output so far. */
  stdout = '';
  stderr = '';
  readonly #process: ChildProcess;
  /** The code it exited with, or null when a signal ended it. */
  readonly exited: Promise<number | null>;

  constructor(file: URL, { args = [], env = {}, cwd, imports = [] }: ExampleOptions = {}) {
    const path = fileURLToPath(file);
    const loaders = [...(path.endsWith('.ts') ? [TSX] : []), ...imports].flatMap((url) => ['--import', url]);
    this.#process = spawn(process.execPath, [...loaders, path, ...args], {
      cwd,
      env: { ...outerEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.#process.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.exited = new Promise((resolve) => this.#process.on('close', resolve));
    onTestFinished(async () => {
      this.#process.kill('SIGKILL');
      await this.exited;
    });
  }

  /** Waits until it has printed what the pattern matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#wrote('stdout', pattern);
  }

  /** The same for standard error. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#wrote('stderr', pattern);
  }

  async #wrote(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match !== null) return match;
      await new Promise<void>((resolve, reject) => {
        this.#process[stream]?.once('data', resolve);
        this.exited.then((code) =>
          reject(new Error(`exited with ${code} before it printed ${pattern}:\n${this.stderr}`)),
        );
      });
    }
  }

  /** Asks it to stop, and gives its exit code. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#process.kill(signal);
    return this.exited;
  }
}

/** A folder that is there until the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kapacitor-auth-example-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file of that folder, and gives its path. */
export function writeFile(folder: string, name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

/** Without what would configure an example, or make it print something else. */
function outerEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(?:KAPACITOR|NODE|VITEST)_|^(?:PORT|TRUST_PROXY)$/.test(name),
  );
  return Object.fromEntries(entries);
}
