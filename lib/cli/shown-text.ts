import { withoutHashes } from '../transfer/hash-like.js';

/** `http://name:password@host`; the password reaches to the last `@`, since not everybody encodes what is in it. Our own examples stay. */
const URL_PASSWORD = /([a-z][a-z\d+.-]*:\/\/[^\s:@/?#]*):(?!PASSWORD@)\S*@/gi;
/** Parameters of a `postgres://` URL, such as `password`, `sslpassword` and `sslkey`. */
const SECRET_PARAMETER = /([?&][^\s=&]*(?:pass|secret|key)[^\s=&]*=)[^\s&]*/gi;
/** Of what a server says. */
const LONGEST_WORDS = 1_000;

/** A text for standard error, where no password and no hash may come. */
export function withoutSecrets(text: string): string {
  return withoutHashes(text.replace(URL_PASSWORD, '$1@').replace(SECRET_PARAMETER, '$1…'));
}

/** What a file or a server has sent may hold orders to a terminal: what nobody sees is shown as an escape. */
export function visible(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
}

/** What somebody else says, within a line: one that begins anew would be taken for ours. */
export function asOneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_WORDS ? `${line.slice(0, LONGEST_WORDS)}…` : line;
}
