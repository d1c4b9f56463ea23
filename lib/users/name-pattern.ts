import { InvalidRequestError } from '../errors.js';

/** UTF-16 units: twice the bytes of the longest name. */
const MAX_LENGTH = 512;

type Token =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'literal'; readonly character: string }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/**
 * A pattern for names with the syntax of Go's `path.Match`, which Kapacitor uses: `*` matches any run of characters, `?` one
 * character, `[a-z]` one of a range, `[^a]` any other character, and `\` escapes the next character. The pattern matches
 * the whole name. (In Go, `*` and `?` do not match a `/`. No name has one.)
 *
 * Matching takes time in proportion to the length of the pattern times the length of the name, for every pattern.
 */
export class NamePattern {
  /** Every matching name begins with this text. A repository can start its search there. */
  readonly prefix: string;
  /** Whether every name that begins with `prefix` matches. */
  readonly isPrefixOnly: boolean;
  readonly #tokens: readonly Token[];

  /**
   * @param source the pattern; an empty one matches every name, as in Kapacitor
   * @throws {InvalidRequestError} the pattern is malformed or too long
   */
  constructor(source: string) {
    if (source.length > MAX_LENGTH) {
      throw new InvalidRequestError(`invalid pattern: it must be at most ${MAX_LENGTH} characters`);
    }
    this.#tokens = source === '' ? [{ kind: 'star' }] : parsePattern(source);
    const wild = this.#tokens.findIndex((token) => token.kind !== 'literal');
    const literals = wild === -1 ? this.#tokens : this.#tokens.slice(0, wild);
    this.prefix = literals.map((token) => (token as Token & { kind: 'literal' }).character).join('');
    this.isPrefixOnly = wild !== -1 && this.#tokens.slice(wild).every((token) => token.kind === 'star');
  }

  /** Whether the whole `name` matches. */
  matches(name: string): boolean {
    const characters = [...name];
    const tokens = this.#tokens;
    let token = 0;
    let character = 0;
    let afterStar = -1;
    let retryFrom = 0;
    while (character < characters.length) {
      const current = tokens[token];
      if (current?.kind === 'star') {
        token += 1;
        afterStar = token;
        retryFrom = character;
      } else if (current !== undefined && matchesOne(current, characters[character] as string)) {
        token += 1;
        character += 1;
      } else if (afterStar >= 0) {
        // Only the latest star needs to take another character. An earlier star would find no other match.
        retryFrom += 1;
        character = retryFrom;
        token = afterStar;
      } else {
        return false;
      }
    }
    return tokens.slice(token).every(({ kind }) => kind === 'star');
  }
}

function matchesOne(token: Token, character: string): boolean {
  if (token.kind === 'literal') return token.character === character;
  if (token.kind !== 'class') return true;
  const codePoint = character.codePointAt(0) as number;
  const inside = token.ranges.some(
    ([low, high]) => (low.codePointAt(0) as number) <= codePoint && codePoint <= (high.codePointAt(0) as number),
  );
  return inside !== token.negated;
}

function parsePattern(source: string): Token[] {
  const characters = [...source];
  const tokens: Token[] = [];
  let position = 0;

  const invalid = () => new InvalidRequestError(`invalid pattern ${JSON.stringify(source)}`);
  const next = (): string => {
    const character = characters[position++];
    if (character === undefined) throw invalid();
    return character;
  };
  const bound = (): string => {
    const character = next();
    if (character === '-' || character === ']') throw invalid();
    return character === '\\' ? next() : character;
  };

  while (position < characters.length) {
    const character = next();
    if (character === '*') {
      tokens.push({ kind: 'star' });
    } else if (character === '?') {
      tokens.push({ kind: 'any' });
    } else if (character === '\\') {
      tokens.push({ kind: 'literal', character: next() });
    } else if (character === '[') {
      const negated = characters[position] === '^';
      if (negated) position += 1;
      const ranges: [string, string][] = [];
      while (ranges.length === 0 || characters[position] !== ']') {
        const low = bound();
        const isRange = characters[position] === '-';
        if (isRange) position += 1;
        ranges.push([low, isRange ? bound() : low]);
      }
      position += 1;
      tokens.push({ kind: 'class', negated, ranges });
    } else {
      tokens.push({ kind: 'literal', character });
    }
  }
  return tokens;
}
