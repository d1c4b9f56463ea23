import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';
import { InterruptedError, UsageError } from './cli-error.js';
import { beforeInterruption } from './interruption.js';
import { questionStream, type Streams } from './streams.js';

/** ECMA-48: what the prompt has hidden. */
const SHOW_CURSOR = '\u001b[?25h';

/** As plain as every other line: no colours, no marks. */
const PLAIN = {
  prefix: { idle: 'kapacitor-auth:', loading: 'kapacitor-auth:', done: 'kapacitor-auth:' },
  style: { message: (text: string) => text, help: () => '', answer: () => '' },
};

/**
 * Asks for a password that is not shown, on the terminal, and beside standard output where that is possible.
 *
 * @throws {InterruptedError} Ctrl-C or Ctrl-D
 */
export async function askHidden(streams: Streams, message: string): Promise<string> {
  const output = terminal(streams);
  const { default: password } = await import('@inquirer/password');
  const end = new AbortController();
  // Ctrl-D closes the input, which the prompt does not notice: it would wait for ever.
  const onEnd = () => end.abort();
  streams.stdin.once('pause', onEnd);
  const forget = restoringTerminal(streams, output);
  try {
    return await password({ message, theme: PLAIN }, { input: streams.stdin, output, signal: end.signal });
  } catch (error) {
    if (/^(?:Exit|Abort)PromptError$/.test((error as Error).name)) throw new InterruptedError();
    throw error;
  } finally {
    forget();
    streams.stdin.off('pause', onEnd);
  }
}

/**
 * Asks a question that anything but `y` or `yes` says no to.
 *
 * @throws {InterruptedError} Ctrl-C or Ctrl-D
 */
export async function askYesOrNo(streams: Streams, question: string): Promise<boolean> {
  const output = terminal(streams);
  const readline = createInterface({ input: streams.stdin, output, terminal: true });
  const end = new AbortController();
  const forget = restoringTerminal(streams, output);
  readline.once('SIGINT', () => end.abort()).once('close', () => end.abort());
  try {
    const answer = await readline.question(`kapacitor-auth: ${question} [y/N] `, { signal: end.signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } catch {
    output.write('\n');
    throw new InterruptedError();
  } finally {
    forget();
    readline.close();
  }
}

/** A shell that gets back a terminal where a question was asked would show nothing of what is typed. */
function restoringTerminal({ stdin }: Streams, output: Writable): () => void {
  return beforeInterruption(() => {
    stdin.setRawMode(false);
    output.write(`${SHOW_CURSOR}\n`);
  });
}

function terminal(streams: Streams) {
  const output = questionStream(streams);
  if (output === undefined) throw new UsageError('there is no terminal to ask on');
  return output;
}
