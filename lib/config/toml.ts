import TOML from '@iarna/toml';
import { suggest } from '../argument-checks.js';
import { ASSIGNMENT, HEADER } from './lines.js';
import { type LongText, longTexts, withoutLongTexts } from './long-texts.js';
import { SECTIONS, type Setting } from './settings.js';
import { syntaxProblem } from './syntax.js';
import { settingsMeantBy } from './vocabulary.js';

/** Whoever has more of them has not written TOML at all. */
const MAX_PROBLEMS = 20;

/** The name of a section in the place of one that was lost: nobody gives a section such a name. */
const LOST = '\0';

interface TomlProblem {
  /** Counted from 1. */
  readonly line: number;
  readonly problem: string;
}

export interface ParsedToml {
  readonly document: Readonly<Record<string, unknown>>;
  /** What was parsed in the end: the same lines, less those that are lost. */
  readonly text: string;
  readonly problems: readonly TomlProblem[];
  /** What the lines that are lost may have set. */
  readonly doubtful: readonly Setting[];
}

/**
 * Parses TOML, and goes on behind what is not TOML: that line is left out, and after it a section whose header was
 * left out. What only follows from an earlier problem is no problem of its own.
 */
export function parseToml(text: string): ParsedToml {
  return new Attempt(text).parse();
}

class Attempt {
  readonly #written: readonly string[];
  readonly #lines: string[];
  readonly #problems: TomlProblem[] = [];
  readonly #lost = new Set<number>();
  #hasLostHeader = false;

  constructor(text: string) {
    this.#written = text.split('\n');
    this.#lines = [...this.#written];
  }

  parse(): ParsedToml {
    let outcome = parse(this.#lines);
    while (!('document' in outcome)) {
      this.#leaveOut(outcome.line ?? lineWithoutNumber(this.#lines), outcome.message);
      outcome = parse(this.#lines);
    }
    const document = Object.entries(outcome.document).filter(([key]) => !key.startsWith(LOST));
    return {
      document: Object.fromEntries(document),
      text: this.#lines.join('\n'),
      problems: this.#problems,
      doubtful: settingsMeantBy(this.#lostWords()),
    };
  }

  #leaveOut(line: number, message: string): void {
    const text = this.#lines.join('\n');
    const texts = longTexts(text);
    const begin = this.#beginOfStatement(line, text);
    const around = texts.find(({ first, last = first }) => first <= line && line <= last && first < last);
    const open = texts.find(({ last }) => last === undefined);
    const before = texts.findLast(({ first }) => first <= line);
    if (this.#problems.length === MAX_PROBLEMS) {
      this.#complain(line, 'this is not TOML either, and perhaps what follows is not: correct the others first');
      this.#lose(begin, this.#lines.length - 1);
    } else if (open !== undefined && before !== undefined) {
      this.#leaveOutRest(line, message, message.includes('Unterminated multi-line') ? open : before);
    } else if (begin === line && isHeader(this.#lineAt(line))) {
      this.#leaveOutHeader(line, message);
    } else if (begin < line && around === undefined && this.#isInnocent(line)) {
      this.#complainOfSyntax(begin, 'the list that begins here does not end');
      this.#lose(begin, line - 1);
    } else {
      const first = around?.first ?? line;
      const isRedefinition = /redefine/.test(message);
      this.#complainOfSyntax(isRedefinition ? Math.min(begin, first) : line, message);
      this.#lose(isRedefinition ? Math.min(begin, first) : first, around?.last ?? line);
    }
  }

  /** Where a text in three quotes was to end nobody knows: each quote behind it may begin a text, or end one. */
  #leaveOutRest(line: number, message: string, { first, last }: LongText): void {
    if (last === undefined) {
      this.#complainOfSyntax(first, 'the text in three quotes that begins here does not end');
    } else {
      const hint = `; or a text in three quotes does not end where it should: see line ${first + 1}`;
      this.#complain(line, `${syntaxProblem(this.#lineAt(line), message)}${hint}`);
    }
    this.#lose(first, this.#lines.length - 1);
  }

  /** What follows is not another section's. */
  #leaveOutHeader(line: number, message: string): void {
    const isRedefinition = /redefine/.test(message);
    // The parent of a table may have been lost, and then made by its child.
    if (!isRedefinition || !this.#hasLostHeader) this.#complainOfSyntax(line, message);
    this.#hasLostHeader ||= !isRedefinition;
    this.#lines[line] = `["\\u0000${line}"]`;
    this.#lost.add(line);
  }

  /** A list goes over several lines: where it began. */
  #beginOfStatement(line: number, text: string): number {
    if ('document' in parse(this.#lines.slice(0, line))) return line;
    const lines = withoutLongTexts(text).split('\n');
    const begin = lines.findLastIndex((each, index) => index < line && ASSIGNMENT.test(each));
    return Math.max(0, begin);
  }

  /** The parser stumbles over the line behind a list that does not end, or over the end of the file. */
  #isInnocent(line: number): boolean {
    const written = this.#lineAt(line);
    return HEADER.test(written) || ASSIGNMENT.test(written) || line >= this.#lines.length - 1;
  }

  #lineAt(line: number): string {
    return this.#lines[line] ?? '';
  }

  #complainOfSyntax(line: number, message: string): void {
    this.#complain(line, syntaxProblem(this.#lineAt(line), message));
  }

  #complain(line: number, problem: string): void {
    this.#problems.push({ line: line + 1, problem });
  }

  #lose(first: number, last: number): void {
    for (let line = first; line <= last; line++) {
      this.#lines[line] = '';
      this.#lost.add(line);
    }
  }

  /** Of the lines that are lost, and of those below a header that is. Another section's have nothing to do with us. */
  *#lostWords(): Generator<string> {
    let isOurs = true;
    let isLost = false;
    for (const [index, written] of this.#written.entries()) {
      if (HEADER.test(written) || (this.#lost.has(index) && isHeader(written))) {
        isLost = this.#lost.has(index);
        isOurs = isLost || isNearOurs(written);
      }
      if ((isLost || this.#lost.has(index)) && isOurs && !/^\s*#/.test(written)) yield* written.match(/[\w-]+/g) ?? [];
    }
  }
}

type Outcome = { readonly document: Readonly<Record<string, unknown>> } | Failure;

interface Failure {
  /** Counted from 0. The parser knows no line of a date that the calendar does not have. */
  readonly line: number | undefined;
  readonly message: string;
}

function parse(lines: readonly string[]): Outcome {
  try {
    return { document: TOML.parse(lines.join('\n')) };
  } catch (error) {
    const { line, message } = error as { line?: number; message: string };
    return { line, message };
  }
}

/** The line where the parser stops without saying which it is: the last one of the fewest that it stops in. */
function lineWithoutNumber(lines: readonly string[]): number {
  let enough = lines.length;
  for (let tooFew = 0; enough - tooFew > 1; ) {
    const middle = Math.floor((tooFew + enough) / 2);
    const outcome = parse(lines.slice(0, middle));
    if (!('document' in outcome) && outcome.line === undefined) enough = middle;
    else tooFew = middle;
  }
  return enough - 1;
}

/** Written as TOML has it, or nearly, or as YAML or a slip has one of ours: `http:`, `auth]`. */
function isHeader(line: string): boolean {
  const [, name] = /^\s*["'<({]*([\w-]+)["'\])}>:]*\s*(?:#.*)?$/.exec(line) ?? [];
  return /^\s*\[/.test(line) || (name !== undefined && suggest(name, SECTIONS) !== undefined);
}

function isNearOurs(header: string): boolean {
  const [name = ''] = /[\w-]+/.exec(header) ?? [];
  return suggest(name, SECTIONS) !== undefined;
}
