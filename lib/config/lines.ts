const KEY = String.raw`(?:[\w-]+|"[^"]*"|'[^']*')`;
const PATH = String.raw`${KEY}(?:\s*\.\s*${KEY})*`;
const HEADER = new RegExp(String.raw`^\s*\[\[?\s*(${PATH})\s*\]`);
const ASSIGNMENT = new RegExp(String.raw`^\s*(${PATH})\s*=`);

/** Plain strings and comments are there because three quotes in them begin nothing. */
const MULTI_LINE_STRING = /("""(?:\\[\s\S]|[^\\])*?"""|'''[\s\S]*?''')|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#.*/g;

/**
 * Where things stand in a TOML text, for messages, because the parser does not keep it. A key that is written in a way
 * that is hardly ever used (with escapes) is not found; nothing but a message depends on it.
 */
export class Lines {
  readonly #numbers = new Map<string, number>();

  constructor(text: string) {
    const blanked = text.replace(MULTI_LINE_STRING, (token, multiLine?: string) =>
      multiLine === undefined ? token : token.replace(/[^\n]+/g, ''),
    );
    let section: string[] = [];
    for (const [index, line] of blanked.split('\n').entries()) {
      const header = HEADER.exec(line)?.[1];
      const key = ASSIGNMENT.exec(line)?.[1];
      if (header !== undefined) section = split(header);
      if (header !== undefined) this.#add(section, index + 1);
      else if (key !== undefined) this.#add([...section, ...split(key)], index + 1);
    }
  }

  /** The line of a key or a section, or else of the section around it. */
  find(path: readonly string[]): number | undefined {
    if (path.length === 0) return undefined;
    return this.#numbers.get(path.join('\0')) ?? this.find(path.slice(0, -1));
  }

  #add(path: readonly string[], line: number): void {
    const name = path.join('\0');
    if (!this.#numbers.has(name)) this.#numbers.set(name, line);
  }
}

function split(path: string): string[] {
  return [...path.matchAll(new RegExp(KEY, 'g'))].map(([key]) => key.replace(/^["']|["']$/g, ''));
}
