/** UTF-16 units. A longer text is cut in a message. */
const LONGEST_TEXT = 300;

/** A plain value as it is; of anything else only its kind, because there may be a password inside. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quoteText(value);
  const isPlain = value === null || ['boolean', 'number', 'bigint'].includes(typeof value);
  return isPlain ? String(value) : kindOf(value);
}

/** A text in quotes, cut where it is long. */
export function quoteText(text: string): string {
  return text.length <= LONGEST_TEXT ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, LONGEST_TEXT))}…`;
}

/** `an array`, `a text`, `null`: what a value is, without what is in it. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return 'a text';
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name.toLowerCase()}`;
}

/**
 * Controls (C0, DEL, C1), what is invisible or turns the direction of writing, and separators of lines: a terminal obeys
 * them, and an attacker chooses them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text with such characters escaped as JSON does. Inside JSON it stands for the same value as before. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => character.split('').map(escaped).join(''));
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
