import { spawn } from '@lydell/node-pty';
import { onTestFinished } from 'vitest';
import { binary, environmentOf } from './cli.js';

/** Escape sequences, which people do not read: they move or hide the cursor, or set a colour. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** The command line in a pseudo-terminal, as somebody sees it who types. */
export class TerminalRun {
  /** All that came, with what moves the cursor. */
  raw = '';
  /** The code that it ended with, as shells have it. */
  readonly ended: Promise<number>;
  readonly #pty: ReturnType<typeof spawn>;
  #seen = 0;
  #wake: () => void = () => {};

  constructor(args: readonly string[], { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {}) {
    const [program, ...before] = binary();
    this.#pty = spawn(program, [...before, ...args], {
      cols: 100,
      rows: 30,
      env: environmentOf({ TERM: 'xterm', ...env }),
      ...(cwd !== undefined && { cwd }),
    });
    this.#pty.onData((text) => {
      this.raw += text;
      this.#wake();
    });
    let isOver = false;
    this.ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        isOver = true;
        resolve(signal ? 128 + signal : exitCode);
        this.#wake();
      });
    });
    onTestFinished(async () => {
      if (!isOver) this.#pty.kill('SIGKILL');
      await this.ended;
    });
  }

  /** The readable text. */
  get text(): string {
    return this.raw.replace(ESCAPES, '').replaceAll('\r', '');
  }

  /** Waits until something new is there that can be read. */
  async shows(words: string): Promise<void> {
    let isOver = false;
    void this.ended.then(() => {
      isOver = true;
    });
    for (;;) {
      const at = this.text.indexOf(words, this.#seen);
      if (at !== -1) {
        this.#seen = at + words.length;
        return;
      }
      if (isOver) throw new Error(`it ended before it showed ${JSON.stringify(words)}:\n${this.text}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  type(text: string): void {
    this.#pty.write(text);
  }
}
