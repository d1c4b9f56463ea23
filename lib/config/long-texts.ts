/** Plain strings and comments are there because three quotes in them begin nothing. */
const TOKEN = /("""(?:\\[\s\S]|[^\\])*?"""|'''[\s\S]*?''')|("""|''')|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#.*/g;

/** The lines of a text in three quotes, counted from 0. */
export interface LongText {
  readonly first: number;
  /** Undefined: it does not end. */
  readonly last: number | undefined;
}

/** Where a TOML file has texts in three quotes. */
export function longTexts(toml: string): LongText[] {
  const texts: LongText[] = [];
  let line = 0;
  let counted = 0;
  for (const { 0: token, 1: closed, 2: open, index } of toml.matchAll(TOKEN)) {
    if (closed === undefined && open === undefined) continue;
    line += newlines(toml.slice(counted, index));
    counted = index;
    texts.push({ first: line, last: closed === undefined ? undefined : line + newlines(token) });
  }
  return texts;
}

/** The same lines, with nothing where a text in three quotes stood. */
export function withoutLongTexts(toml: string): string {
  return toml.replace(TOKEN, (token, closed?: string) => (closed === undefined ? token : token.replace(/[^\n]+/g, '')));
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}
