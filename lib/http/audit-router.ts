import express, { type Router } from 'express';
import { InvalidRequestError } from '../errors.js';
import { describeValue } from '../safe-text.js';
import { sendJson } from './answers.js';
import { EndpointHandlers, type EndpointParts } from './endpoint.js';
import type { KnownParameters } from './request-parameters.js';
import type { Action } from './users-action.js';

/** Reads the audit log. */
export interface AuditReader {
  /** The last events, the newest first. */
  last(limit: number): Promise<object[]>;
}

const PARAMETERS: KnownParameters = { owner: 'the audit', names: ['limit'] };
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** Shows the last events of the audit log to admins. */
export function createAuditRouter(parts: EndpointParts, log: AuditReader | undefined): Router {
  const show: Action = async (_req, res, _principal, query) => {
    const limit = toLimit(query);
    if (log === undefined) throw new InvalidRequestError('no audit log is kept: set [auth] audit-log', 404);
    sendJson(res, 200, { events: await eventsIn(log, limit) });
  };
  const router = express.Router();
  const operations = { GET: { action: show, parameters: PARAMETERS } };
  new EndpointHandlers(parts).route(router, '/', operations, () => ({ kind: 'audit' }));
  return router;
}

/** A log may be a pipe, or a file that this program may only write. */
async function eventsIn(log: AuditReader, limit: number): Promise<object[]> {
  try {
    return await log.last(limit);
  } catch {
    throw new InvalidRequestError('no audit log can be read: let [auth] audit-log name a file that is readable', 404);
  }
}

function toLimit(query: URLSearchParams): number {
  const text = query.get('limit') || String(DEFAULT_LIMIT);
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidRequestError(`limit must be a number from 1 to ${MAX_LIMIT}, not ${describeValue(text)}`);
}
