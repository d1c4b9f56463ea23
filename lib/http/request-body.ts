import express, { type Request, type RequestHandler, type Response } from 'express';
import { InvalidRequestError } from '../errors.js';
import type { HostResponse } from '../request/host.js';
import { detached } from '../safe-text.js';

/** Bytes: 64 KiB. */
const MAX_BODY = 65_536;
/** Bytes: 1 MiB. A thousand new users have some 200 kB. */
const MAX_LARGE_BODY = 1_048_576;

export const INVALID_JSON = 'invalid JSON';

/** Reads a body of any content type, as Kapacitor does. curl sends JSON with the content type of a form. */
const rawReader = (limit: number): RequestHandler => express.raw({ type: () => true, limit });

const readRaw = rawReader(MAX_BODY);
const readLargeRaw = rawReader(MAX_LARGE_BODY);

/**
 * The JSON value in the body of a request, whatever its content type is. A parser of the app may have read the body before.
 *
 * @param isLarge whether the body may have 1 MiB. Defaults to false
 * @throws {InvalidRequestError} 413 for a body over 64 KiB; 400 for a body that is not JSON, or that a parser changed
 */
export async function readJson(req: Request, res: HostResponse, isLarge = false): Promise<unknown> {
  const body = await readBody(req, res, isLarge);
  if (typeof body === 'string') return parse(body);
  return isForm(req) ? fromForm(req) : body;
}

/** The fields of a form, or a JSON value. */
export type FormOrJson = { readonly form: ReadonlyMap<string, string> } | { readonly json: unknown };

/**
 * The fields of a form, or the JSON value of another body. JSON may have the content type of a form, as curl sends it. A field
 * that is there twice is left out.
 *
 * @throws {InvalidRequestError} as {@link readJson} does
 */
export async function readFormOrJson(req: Request, res: HostResponse): Promise<FormOrJson> {
  const body = await readBody(req, res);
  if (typeof body === 'string') {
    return isForm(req) && !body.trimStart().startsWith('{') ? { form: fieldsIn(body) } : { json: parse(body) };
  }
  if (!isForm(req)) return { json: body };
  const fields = Object.entries(body as object).filter(([, value]) => typeof value === 'string');
  const isJson =
    Object.keys(body as object)[0]
      ?.trimStart()
      .startsWith('{') === true;
  return isJson ? { json: fromForm(req) } : { form: new Map(fields) };
}

function fieldsIn(text: string): Map<string, string> {
  const pairs = [...new URLSearchParams(text)].map(([name, value]) => [name, detached(value)] as const);
  return new Map(pairs.filter(([name]) => pairs.filter(([other]) => other === name).length === 1));
}

/** The text of the body, or what a parser of the app has made of it. */
async function readBody(req: Request, res: HostResponse, isLarge = false): Promise<unknown> {
  const limit = isLarge ? MAX_LARGE_BODY : MAX_BODY;
  // The app's own parser may allow more.
  if (Number(req.headers['content-length']) > limit) throw tooLarge(limit);
  const wasRead = req.readableEnded;
  if (!wasRead) await readBytes(req, res, limit);
  const body: unknown = req.body;
  if (Buffer.isBuffer(body)) return decode(body);
  if (!wasRead) throw new InvalidRequestError(INVALID_JSON);
  if (body === undefined) throw consumed();
  return body;
}

function isForm({ headers }: Request): boolean {
  return /^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '');
}

function readBytes(req: Request, res: HostResponse, limit: number): Promise<void> {
  const read = limit === MAX_BODY ? readRaw : readLargeRaw;
  return new Promise((resolve, reject) => {
    read(req, res as Response, (error?: unknown) => (error ? reject(asInvalidRequest(error, limit)) : resolve()));
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InvalidRequestError(INVALID_JSON);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidRequestError(INVALID_JSON);
  }
}

function tooLarge(limit: number): InvalidRequestError {
  return new InvalidRequestError(`request body must be at most ${limit / 1024} KiB`, 413);
}

function consumed(): InvalidRequestError {
  return new InvalidRequestError('another middleware has read the body and not kept it: mount kapacitorAuth before it');
}

function asInvalidRequest(error: unknown, limit: number): InvalidRequestError {
  const { type, status } = error as { type?: string; status?: number };
  if (type === 'entity.too.large') return tooLarge(limit);
  if (type === 'encoding.unsupported') return new InvalidRequestError('content encoding is not supported', 415);
  if (type === 'stream.not.readable') return consumed();
  return new InvalidRequestError('request body cannot be read', status !== undefined && status < 500 ? status : 400);
}

/**
 * The JSON that express.urlencoded() read as the name of a field. It also decodes `%41` and `+`, and may have changed a
 * password. Only a body that it cannot have changed is accepted.
 */
function fromForm(req: Request): unknown {
  const isUtf8 = !/charset=(?!"?utf-8\b)/i.test(req.headers['content-type'] ?? '');
  const length = Number(req.headers['content-length']);
  for (const text of isUtf8 ? asSent(req.body) : []) {
    if (Buffer.byteLength(text) !== length || text.includes('\ufffd')) continue;
    if (!hasBlank(text)) return parse(text);
  }
  throw new InvalidRequestError(
    'the body was read as a form by express.urlencoded(), which may have changed it: ' +
      'mount kapacitorAuth before it, or send Content-Type: application/json',
  );
}

/** The bodies that the form may come from, if the parser decoded nothing. */
function asSent(form: unknown): string[] {
  const fields = Object.entries(form as object);
  const texts = fields.map(([name, value]) => {
    if (typeof value === 'string') return value === '' ? name : `${name}=${value}`;
    // The extended parser takes brackets for a nested field, and drops the text after them.
    const inner = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
    return inner.length === 1 && inner[0]?.[1] === '' ? `${name}[${inner[0][0]}]}` : undefined;
  });
  return texts.includes(undefined) ? [] : [texts.join('&')];
}

/** Whether a string in the JSON has a blank, which may have been a plus sign. */
function hasBlank(json: string): boolean {
  return [...json.matchAll(/"(?:[^"\\]|\\.)*"/g)].some(([literal]) => literal.includes(' '));
}
