import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Finds the sessions of browsers. Each reading of a request's headers takes time, so they are read once and handed over. */
export interface SessionReader {
  /** Whether a request with these headers may have the cookie of a session. Fast, and without a look at the cookie's value. */
  mayHave(headers: IncomingHttpHeaders): boolean;
  /** The text in the session's cookie. Undefined if there is no such cookie. */
  read(req: IncomingMessage, headers: IncomingHttpHeaders): string | undefined;
  /** Whether the cookie may count. False: a page of another site may have made the browser send this request. */
  mayUse(req: IncomingMessage, headers: IncomingHttpHeaders): boolean;
}
