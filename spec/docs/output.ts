import { isDeepStrictEqual } from 'node:util';
import type { Expected } from './steps.js';

/** The output of commands. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Whether commands wrote what the page shows: to standard output, to standard error, or to both. */
export function isAsShown({ format, text }: Expected, { stdout, stderr }: Output, folder: string): boolean {
  const shown = comparable(withoutPrompts(text), folder);
  const isShown = format === 'json' ? (written: string) => isSameJson(shown, written) : isSameText(shown);
  return [stdout, stderr, `${stderr}${stdout}`, `${stdout}${stderr}`].some((one) => isShown(comparable(one, folder)));
}

/**
 * The pages call their folder /home/you/app, whose length the columns of tables follow. Times and ids differ from run to
 * run. Notes about the file and the store that a command uses need not be shown each time.
 */
function comparable(text: string, folder: string): string {
  return text
    .replaceAll(folder, '/home/you/app')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, 'TIME')
    .replace(/\(node:\d+\)/g, '(node:PID)')
    .replace(/"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g, '"UUID"')
    .replace(/^kapacitor-auth: (?:using|made the user store) .*\n/gm, '')
    .replace(/\S {2,}/g, (gap) => `${gap[0]}  `)
    .replace(/[ \r]+$/gm, '')
    .trim();
}

/** The commands get typed input in another way, without a prompt. */
function withoutPrompts(text: string): string {
  return text.replace(/^kapacitor-auth: (?:Password of .*|Once more):\n?/gm, '');
}

/** `…` stands for anything. */
function isSameText(shown: string): (written: string) => boolean {
  const parts = shown.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const pattern = new RegExp(`^${parts.join('[^]*?')}$`);
  return (written) => pattern.test(written);
}

function isSameJson(shown: string, written: string): boolean {
  try {
    return isSameValue(documentsOf(shown), documentsOf(written));
  } catch {
    return false;
  }
}

/** One document, or one a line. */
function documentsOf(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text.split('\n').map((line) => JSON.parse(line));
  }
}

function isSameValue(shown: unknown, written: unknown): boolean {
  if (shown === '…') return true;
  if (typeof shown !== 'object' || typeof written !== 'object' || shown === null || written === null) {
    return typeof shown === 'string' && typeof written === 'string'
      ? isSameText(shown)(written)
      : isDeepStrictEqual(shown, written);
  }
  const keys = Object.keys(shown);
  return (
    isDeepStrictEqual(keys.toSorted(), Object.keys(written).toSorted()) &&
    keys.every((key) => isSameValue(shown[key as keyof typeof shown], written[key as keyof typeof written]))
  );
}
