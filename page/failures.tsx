import type { ComponentChildren } from 'preact';
import { ApiError } from './api/client';
import { fill } from './parts/fill';
import { Name } from './parts/name';
import { waitText } from './parts/time';
import { texts } from './texts';

/** The purpose of a request. */
export interface Purpose {
  /** The user that the request was about. */
  readonly name?: string;
  readonly deed?: 'create' | 'change' | 'delete' | 'read';
}

/** The sentence for a request that failed. It says what to do. */
export function sentenceFor(error: unknown, { name = '', deed = 'read' }: Purpose = {}): ComponentChildren {
  const { failures } = texts;
  if (!(error instanceof ApiError)) return failures.unexpected;
  const { status, retryAfter, message } = error;
  const values = { name: <Name of={name} />, time: waitText(retryAfter ?? 1), message };
  if (status === 0) return failures.offline;
  if (status === 401) return failures.signedOut;
  if (status === 403) return fill(failures.forbidden, values);
  if (status === 404) return name === '' ? message : fill(failures.gone, values);
  if (status === 409 && deed === 'create') return fill(failures.taken, values);
  if (status === 409) return isAboutLastAdmin(error) ? fill(failures.lastAdmin, values) : sentence(message);
  if (status === 412) return fill(failures.conflict, values);
  if (status === 429) return fill(failures.throttled, values);
  if (status === 503)
    return retryAfter === undefined ? fill(failures.unavailable, values) : fill(failures.busy, values);
  return status < 500 ? sentence(message) : fill(failures.broken, values);
}

function isAboutLastAdmin({ code, message }: ApiError): boolean {
  return code === 'LAST_ADMIN' || message.includes('last admin');
}

/** A message of the API as a sentence: `Invalid JSON.` */
export function sentence(message: string): string {
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}${/[.?!…]$/.test(message) ? '' : '.'}`;
}
