import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { Span } from './soak-faults.js';

export interface Sent {
  readonly method?: string;
  readonly path: string;
  /** The address that the client has for the servers. */
  readonly from: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface Answer extends Span {
  /** 0: the connection failed. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Sends requests to a server. Never rejects. */
export class SoakClient {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });

  constructor(port: number) {
    this.#port = port;
  }

  send({ method = 'GET', path, from, headers, body }: Sent): Promise<Answer> {
    const asked = performance.now();
    return new Promise((resolve) => {
      const end = (status: number, text: string, received: IncomingHttpHeaders = {}) =>
        resolve({ status, text, headers: received, asked, answered: performance.now() });
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          method,
          path,
          agent: this.#agent,
          headers: { 'X-Forwarded-For': from, 'Content-Type': 'application/json', ...headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', ({ message }) => end(0, message));
          response.on('end', () =>
            end(response.statusCode as number, Buffer.concat(chunks).toString(), response.headers),
          );
        },
      );
      sent.on('error', ({ message }) => end(0, message));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
