import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { createAuth } from '../support/auth.js';
import { type CliOptions, run } from '../support/cli.js';
import { serve } from '../support/server.js';

/** A server with root:r00t, api:pw and the others, and what asks it. */
export async function serveUsers(user = 'root:r00t') {
  const auth = await createAuth();
  const server = await serve(express().use(auth));
  const on = (args: readonly string[], options: CliOptions = {}) =>
    run(['-url', server.url.replace('://', `://${user}@`), ...args], options);
  return { auth, server, on };
}

/** A server that gives the same answer to everything, and remembers what it was asked. */
export async function serveAnswer(answer: (req: IncomingMessage, res: ServerResponse) => void) {
  const asked: string[] = [];
  const server = await serve((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.authorization ?? 'nobody'}`);
    answer(req, res);
  });
  const on = (args: readonly string[], input = '') =>
    run(['-url', server.url.replace('://', '://root:secret@'), ...args], { input });
  return { asked, server, on };
}

export const json =
  (status: number, body: object, headers: Record<string, string> = {}) =>
  (_req: unknown, res: ServerResponse) => {
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
