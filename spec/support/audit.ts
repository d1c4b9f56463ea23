import express, { type RequestHandler } from 'express';
import type { AuditEvents, KapacitorAuth, KapacitorAuthConfig, NewUser } from 'kapacitor-auth';
import { AUDIT_EVENTS } from '../../lib/users/audit-events.js';
import { createAuth } from './auth.js';
import { serve } from './server.js';

/** An event's name, and what its listeners are given. */
export type Told = { [Event in keyof AuditEvents]: [event: Event, details: AuditEvents[Event]] }[keyof AuditEvents];

/** Keeps every audit event from here on, in the order in which they are told. */
export function listen(auth: KapacitorAuth): Told[] {
  const told: Told[] = [];
  for (const event of AUDIT_EVENTS) auth.on(event, (...[details]) => told.push([event, details] as Told));
  return told;
}

/** Fulfilled when listeners have been told of all that has happened. */
export function untilTold(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The parts of an audited app. */
interface AuditedApp {
  readonly config?: KapacitorAuthConfig;
  readonly users?: readonly NewUser[];
  /** Before the guard. */
  readonly before?: readonly RequestHandler[];
}

/** Serves an app that answers 299 behind the guard and one proxy, and keeps its audit events, until the test is over. */
export async function serveAudited({ config = {}, users, before = [] }: AuditedApp = {}) {
  const auth = await createAuth(config, users);
  await untilTold();
  const told = listen(auth);
  const app = express();
  app.set('trust proxy', 1);
  for (const handler of before) app.use(handler);
  app.use(auth);
  app.use((_req, res) => {
    res.status(299).end();
  });
  return { auth, told, ...(await serve(app)) };
}
