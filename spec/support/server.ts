import {
  type Agent,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type RequestListener,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { requireDocumented } from './documented.js';
import { destinationOf } from './location.js';

export interface SentRequest {
  readonly method?: string;
  /** The request target as it goes out: nothing is encoded or resolved. */
  readonly path: string;
  /** `name:password`. */
  readonly auth?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  /** Keeps connections for the next requests. Defaults to a connection for each request. */
  readonly agent?: Agent;
  /**
   * Whether `docs/openapi.yaml` must allow the answer. False if the app answers in place of this package, or changes the request.
   * Defaults to true.
   */
  readonly isDocumented?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The path that a browser goes on to, with its query. Undefined without a `Location`. */
  readonly leadsTo?: string | undefined;
  readonly text: string;
  /** The parsed JSON, or undefined where the answer is none. */
  readonly body: any;
}

export interface TestServer {
  readonly url: string;
  readonly port: number;
  send(request: SentRequest): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Serves an app on a free port, until the test is over.
 *
 * @param all what its requests have in common
 */
export async function serve(app: RequestListener, all: Partial<SentRequest> = {}): Promise<TestServer> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}`, port, close, send: (request) => send(port, { ...all, ...request }) };
}

/** The body of an answer with an error. */
export const errorBody = (message: string) => ({ error: message, message });

/** Sends one request, as it stands. An answer of this package that `docs/openapi.yaml` does not allow is an error. */
export function send(port: number, sent: SentRequest): Promise<Answer> {
  const { method = 'GET', path, auth, body, agent = false } = sent;
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent,
        headers: { ...(auth !== undefined && { Authorization: basic(auth) }), ...sent.headers },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode: status = 0, headers } = response;
          const answer = { status, headers, leadsTo: destinationOf(path, headers), text, body: parse(text) };
          const checked = sent.isDocumented === false ? Promise.resolve() : requireDocumented(sent, answer);
          checked.then(() => resolve(answer), reject);
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** The value of an Authorization header. */
export function basic(auth: string): string {
  return `Basic ${Buffer.from(auth).toString('base64')}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
