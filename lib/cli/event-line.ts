import { sentenceOf } from '../observe/audit-record.js';
import { printable, withoutSecrets } from '../safe-text.js';

/** An event of an audit log as a line for people: the time, what happened, and from where. */
export function eventLine(event: object): string {
  const { time, event: name, from, ...details } = event as Readonly<Record<string, unknown>>;
  const at = typeof time === 'string' ? time.replace(/\.\d+(?=Z$)/, '') : '(no time)';
  const origin = typeof from === 'string' ? `, from ${from}` : '';
  const sentence = typeof name === 'string' ? readableSentence(name, details) : 'an event without a name';
  return `${printable(withoutSecrets(`${at}  ${sentence}${origin}`))}\n`;
}

/** Another program may have written the line, without the details that a sentence needs. */
function readableSentence(name: string, details: object): string {
  const ofCommandLine = Object.hasOwn(OF_COMMAND_LINE, name) ? OF_COMMAND_LINE[name] : undefined;
  try {
    return ofCommandLine?.(details) ?? sentenceOf(name, details);
  } catch {
    return name;
  }
}

/** The events that only the command line has. */
const OF_COMMAND_LINE: Readonly<Record<string, (details: any) => string>> = {
  'users-imported': ({ by, format, outcome, added, replaced }) =>
    `an import (${format}) by ${JSON.stringify(by)}: ${outcome}, ${added} added, ${replaced} replaced`,
  'users-exported': ({ by, count, to }) => `${count} users were exported to ${to} by ${JSON.stringify(by)}`,
  'store-backed-up': ({ by, to }) => `the store was copied to ${to} by ${JSON.stringify(by)}`,
  'token-created': ({ by, user, expires }) =>
    `a token for user ${JSON.stringify(user)} was signed by ${JSON.stringify(by)}, until ${expires}`,
  'audit-lost': ({ count }) => `${count} events were lost: the disk was full or too slow`,
};
