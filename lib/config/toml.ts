import TOML from '@iarna/toml';
import type { Setting } from './setting.js';
import { SETTINGS } from './settings.js';

const KEY = String.raw`(?:[\w-]+|"[^"]*"|'[^']*')`;
const PATH = String.raw`${KEY}(?:\s*\.\s*${KEY})*`;
/** A line that begins a section. */
const HEADER = new RegExp(String.raw`^\s*\[\[?\s*(${PATH})\s*\]`);
/** A line that begins with a key and `=`. */
const ASSIGNMENT = new RegExp(String.raw`^\s*(${PATH})\s*=`);

/** A text in three quotes, which may have no end. The others are here because three quotes in them begin nothing. */
const LONG_TEXT = /("""(?:\\[\s\S]|[^\\])*?"""|'''[\s\S]*?'''|(?:"""|''')[\s\S]*)|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#.*/g;

/** A key and a value, with anything between them. */
const SETTING_LINE = /^\s*["']?([\w-]+)["']?\s*[:=>]*\s*(.*?)\s*(?:#.*)?$/;

/** A line that begins with a path, as in the definition of a permission. */
const PATH_LINE = /^\s*["']?\/[^\s=:"']*["']?\s*[:=]/;

/** For people who know YAML or INI better. */
const RULES = 'a section is written as  [http] , a setting as  auth-enabled = true , and a text in "quotes"';

export type Table = Readonly<Record<string, unknown>>;

/** The first error in a text that is not TOML. */
export interface SyntaxProblem {
  /** Counted from 1. */
  readonly line: number;
  /** The fault and how to write the line. It repeats nothing that can be a secret. */
  readonly problem: string;
}

export function parseToml(text: string): { readonly document: Table } | SyntaxProblem {
  const lines = text.split('\n');
  const inherited = inheritedName(text);
  if (inherited !== undefined) return inherited;
  const outcome = attempt(lines);
  if ('document' in outcome) return outcome;
  const { message, line = lineWithoutNumber(lines) } = outcome;
  const stopped = withoutLongTexts(text).split('\n')[line] ?? '';
  const begin = beginOfStatement(lines, line);
  if (/redefine/.test(message)) return syntaxProblem(lines, begin, message);
  if (/Unterminated multi-line/.test(message)) {
    return syntaxProblem(lines, begin, 'the text in three quotes that begins here does not end');
  }
  // The parser stops at the line behind a list that does not end, or at the end of the file.
  const isBehindList = begin < line && (HEADER.test(stopped) || ASSIGNMENT.test(stopped) || line >= lines.length - 1);
  return isBehindList
    ? syntaxProblem(lines, begin, 'the list that begins here does not end')
    : syntaxProblem(lines, line, message);
}

/**
 * The first name that every object inherits, in a place where the parser takes the inherited value for a table of the file, and
 * would write into it: `[constructor]`, `constructor.x = 1`.
 */
function inheritedName(text: string): SyntaxProblem | undefined {
  for (const [index, line] of withoutLongTexts(text).split('\n').entries()) {
    const tables = keysIn(HEADER.exec(line)?.[1] ?? '').slice(-1);
    const parents = keysIn(ASSIGNMENT.exec(line)?.[1] ?? '').slice(0, -1);
    const name = [...tables, ...parents].find((key) => key !== '__proto__' && key in Object.prototype);
    if (name !== undefined)
      return { line: index + 1, problem: `no section can be called ${name}: choose another name` };
  }
  return undefined;
}

type Failure = { readonly message: string; readonly line?: number };

function attempt(lines: readonly string[]): { readonly document: Table } | Failure {
  try {
    return { document: TOML.parse(lines.join('\n')) };
  } catch (error) {
    return error as Failure;
  }
}

/** The line of a date that the calendar does not have, for which the parser gives none: the first that fails so. */
function lineWithoutNumber(lines: readonly string[]): number {
  const fails = (count: number) => {
    const outcome = attempt(lines.slice(0, count));
    return !('document' in outcome) && outcome.line === undefined;
  };
  let enough = lines.length;
  for (let tooFew = 0; enough - tooFew > 1; ) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (fails(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough - 1;
}

/** A list or a text in three quotes may have begun on a line before. */
function beginOfStatement(lines: readonly string[], line: number): number {
  if ('document' in attempt(lines.slice(0, line))) return line;
  const assignments = withoutLongTexts(lines.join('\n')).split('\n').slice(0, line);
  return Math.max(
    0,
    assignments.findLastIndex((each) => ASSIGNMENT.test(each)),
  );
}

/** The same lines, empty where a text in three quotes stands. */
function withoutLongTexts(toml: string): string {
  return toml.replace(LONG_TEXT, (token, text?: string) => (text === undefined ? token : token.replace(/[^\n]+/g, '')));
}

function syntaxProblem(lines: readonly string[], index: number, message: string): SyntaxProblem {
  const line = index + 1;
  const [, key = '', value = ''] = SETTING_LINE.exec(lines[index] ?? '') ?? [];
  const setting = SETTINGS.find((known) => known.key === key);
  if (/redefine/.test(message)) {
    const subject = setting === undefined ? 'this section or key' : key;
    return { line, problem: `${subject} is in the file already: keep one of the two` };
  }
  if (PATH_LINE.test(lines[index] ?? '')) {
    return {
      line,
      problem: 'this is not TOML: a path and its privileges are written as  "/orders" = ["read", "write"]',
    };
  }
  if (setting !== undefined) return { line, problem: `${key}: this is not TOML: write  ${inToml(setting, value)}` };
  // The parser repeats lines of the file, and single characters of them.
  const reason = message.split(/[\n,:"]| at row /, 1)[0]?.trim();
  return { line, problem: `this is not TOML (${reason}): ${RULES}` };
}

/** The line for a setting, with the value that was meant, or with an example if that is not clear. */
export function inToml(setting: Setting, value: string): string {
  const { key, kind, isSecret } = setting;
  const bare = value.replace(/^["'“”‘’]+|["'“”‘’]+$/g, '');
  const meant = isSecret ? undefined : kind.fromText(bare);
  if (meant === undefined) return `${key} = ${kind.example}`;
  return `${key} = ${isQuoted(setting) ? JSON.stringify(bare) : kind.toToml(meant)}`;
}

/** Whether the config file writes the setting in quotes. */
export function isQuoted({ kind }: Setting): boolean {
  return kind.example.startsWith('"');
}

/** The lines of sections and keys, for messages: the parser does not keep them. Keys with escapes are not found. */
export class Lines {
  readonly #numbers = new Map<string, number>();
  /** The number of the first line in each section, for a section that has no line of its own. */
  readonly #first = new Map<string, number>();

  constructor(toml: string) {
    let section: string[] = [];
    for (const [index, line] of withoutLongTexts(toml).split('\n').entries()) {
      const header = HEADER.exec(line)?.[1];
      const key = ASSIGNMENT.exec(line)?.[1];
      if (header !== undefined) section = keysIn(header);
      if (header !== undefined) this.#add(section, index + 1);
      else if (key !== undefined) this.#add([...section, ...keysIn(key)], index + 1);
    }
  }

  /** The line of a key or a section, or else of the section around it. */
  find(path: readonly string[]): number | undefined {
    if (path.length === 0) return undefined;
    const name = path.join('\0');
    return this.#numbers.get(name) ?? this.#first.get(name) ?? this.find(path.slice(0, -1));
  }

  #add(path: readonly string[], line: number): void {
    const name = path.join('\0');
    if (!this.#numbers.has(name)) this.#numbers.set(name, line);
    for (let depth = 1; depth < path.length; depth += 1) {
      const section = path.slice(0, depth).join('\0');
      if (!this.#first.has(section)) this.#first.set(section, line);
    }
  }
}

function keysIn(path: string): string[] {
  return [...path.matchAll(new RegExp(KEY, 'g'))].map(([key]) => key.replace(/^["']|["']$/g, ''));
}
