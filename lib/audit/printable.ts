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
