import { printable, quoteText } from '../safe-text.js';
import type { AuditEvents } from '../users/audit-events.js';

/** For each event, in a few words, what has happened. */
const SENTENCES: { readonly [Event in keyof AuditEvents]: (details: AuditEvents[Event]) => string } = {
  login: ({ user }) => `user ${quoteText(user)} logged in`,
  'login-failed': ({ user, reason }) =>
    `a login${user === undefined ? '' : ` as ${quoteText(user)}`} failed: ${reason}`,
  denied: ({ status, reason }) => `denied with ${status}: ${reason}`,
  'user-created': ({ user, by }) => `user ${quoteText(user.name)} was created${byWhom(by)}`,
  'user-changed': ({ user, by, changed }) =>
    `user ${quoteText(user.name)} was changed${byWhom(by)}: ${listed(changed)}`,
  'user-deleted': ({ user, by }) => `user ${quoteText(user.name)} was deleted${byWhom(by)}`,
  'user-operation-failed': ({ operation, user, by, reason }) =>
    `${user === undefined ? 'a user' : `user ${quoteText(user)}`} could not be ${DONE[operation]}${byWhom(by)}: ${reason}`,
  'store-unavailable': ({ reason }) => `the user store is unavailable${reason === undefined ? '' : `: ${reason}`}`,
  'authentication-switched': ({ authEnabled }) => `authentication was switched ${authEnabled ? 'on' : 'off'}`,
};

const DONE = { create: 'created', change: 'changed', delete: 'deleted' } as const;

/** Failures and denials, for whoever looks at warnings alone. */
const WARNINGS: ReadonlySet<string> = new Set<keyof AuditEvents>([
  'login-failed',
  'denied',
  'user-operation-failed',
  'store-unavailable',
]);

/** Characters of a sentence: the whole is in the fields. */
const MAX_SENTENCE = 300;

/** A short sentence about an event. Of one that is not known it is the event's name. */
export function sentenceOf(event: string, details: object): string {
  const sentence = Object.hasOwn(SENTENCES, event) ? SENTENCES[event as keyof AuditEvents](details as never) : event;
  return printable(sentence.length > MAX_SENTENCE ? `${sentence.slice(0, MAX_SENTENCE)}…` : sentence);
}

/** Tells whether an event is a failure or a denial, or opens the door to everybody. */
export function isWarning(event: string, details: object): boolean {
  return (
    WARNINGS.has(event) || (event === 'authentication-switched' && !(details as { authEnabled: boolean }).authEnabled)
  );
}

function byWhom(by: string | undefined): string {
  return by === undefined ? '' : ` by ${quoteText(by)}`;
}

function listed(changed: readonly string[]): string {
  return changed.length === 0 ? 'nothing is different' : changed.join(', ');
}
