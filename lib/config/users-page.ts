import { HTTP } from './http-settings.js';
import type { Choice, Problem } from './layers.js';
import type { ResolvedConfig, ResolvedSessions } from './options.js';
import { DEFAULT_SESSIONS } from './sessions-kind.js';

type Http = Pick<ResolvedConfig['http'], 'sessions' | 'usersPage'>;

/** The sessions of browsers. The page for users switches them on, unless its own source or a stronger one switches them off. */
export function chooseSessions(choice: Choice, { sessions, usersPage }: Http): ResolvedSessions | false {
  if (sessions !== false || !usersPage || choice.isAsStrong(HTTP.sessions, HTTP.usersPage)) return sessions;
  return choice.record(HTTP.sessions, DEFAULT_SESSIONS, choice.placeOf(HTTP.usersPage)?.from);
}

/** The beginning of a message about the setting that switched sessions on. */
export function subjectOfSessions(choice: Choice, { sessions }: Http): string | undefined {
  return choice.placeOf(sessions === DEFAULT_SESSIONS ? HTTP.usersPage : HTTP.sessions)?.subject;
}

/** The problem of a page for users without sessions. */
export function usersPageProblems(choice: Choice, { sessions, usersPage }: Http): Problem[] {
  if (!usersPage || sessions !== false || !choice.isKnown(HTTP.sessions)) return [];
  const [page, off] = [HTTP.usersPage, HTTP.sessions].map((setting) => choice.placeOf(setting)?.subject);
  const text = `${page}: people sign in to this page, so that it needs sessions: remove  ${off} = false, or set it to true`;
  return [{ text, setting: HTTP.usersPage }];
}
