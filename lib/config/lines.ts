import { withoutLongTexts } from './long-texts.js';

const KEY = String.raw`(?:[\w-]+|"[^"]*"|'[^']*')`;
const PATH = String.raw`${KEY}(?:\s*\.\s*${KEY})*`;
/** A line that begins a section. */
export const HEADER: RegExp = new RegExp(String.raw`^\s*\[\[?\s*(${PATH})\s*\]`);
/** A line that begins with a key and `=`. */
export const ASSIGNMENT: RegExp = new RegExp(String.raw`^\s*(${PATH})\s*=`);

/**
 * Where things stand in a TOML text, for messages, because the parser does not keep it. A key that is written in a way
 * that is hardly ever used (with escapes) is not found; nothing but a message depends on it.
 */
export class Lines {
  readonly #numbers = new Map<string, number>();

  constructor(text: string) {
    let section: string[] = [];
    for (const [index, line] of withoutLongTexts(text).split('\n').entries()) {
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
