import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { answerProblem, connectionProblem } from './api-problems.js';
import { UnreachableError } from './cli-error.js';
import type { ServerAddress } from './server-address.js';

/** Milliseconds. */
const ANSWER_WITHIN = 30_000;
/** Bytes. A thousand users, which are a page, have a tenth of it at the most. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

/** An answer that is JSON, or has no body. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: any;
}

/**
 * Asks a server. No redirect is followed, and so the credentials go nowhere else. Certificates are verified against
 * those that Node.js knows, and NODE_EXTRA_CA_CERTS.
 */
export class ApiClient {
  readonly #address: ServerAddress;
  readonly #authorization: string | undefined;
  readonly #agent: HttpAgent;

  constructor(address: ServerAddress, { skipVerify }: { skipVerify: boolean }) {
    const { base, user, password = '' } = address;
    this.#address = address;
    // RFC 7617, section 2.1: in UTF-8.
    const credentials = Buffer.from(`${user}:${password}`).toString('base64');
    this.#authorization = user === undefined ? undefined : `Basic ${credentials}`;
    this.#agent = base.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true, rejectUnauthorized: !skipVerify })
      : new HttpAgent({ keepAlive: true });
  }

  /**
   * @param path below the server's address, such as `/kapacitor/v1/users`
   * @param body sent as JSON
   * @throws {UnreachableError} there is no answer, or one of somebody else
   * @throws {RefusedError} {@link UserNotFoundError} the server refuses
   */
  async send(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const { base } = this.#address;
    let answer: { status: number; headers: IncomingMessage['headers']; text: string };
    try {
      answer = await this.#request(method, new URL(base + path), body === undefined ? undefined : JSON.stringify(body));
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      throw connectionProblem(error as NodeJS.ErrnoException, base);
    }
    const { status, headers, text } = answer;
    const parsed = parse(text);
    const isAnswer = status >= 200 && status < 300 && (parsed !== undefined || text === '');
    if (isAnswer) return { status, body: parsed };
    throw answerProblem({ status, headers, body: parsed, path }, this.#address);
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(method: string, url: URL, body: string | undefined) {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const options = {
      method,
      agent: this.#agent,
      signal: AbortSignal.timeout(ANSWER_WITHIN),
      headers: {
        Accept: 'application/json',
        ...(this.#authorization !== undefined && { Authorization: this.#authorization }),
        ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      },
    };
    return new Promise<{ status: number; headers: IncomingMessage['headers']; text: string }>((resolve, reject) => {
      const sent = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length <= LONGEST_ANSWER) chunks.push(chunk);
          else response.destroy(answerTooLong(url.origin));
        });
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, text: Buffer.concat(chunks).toString() });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

function answerTooLong(origin: string): UnreachableError {
  return new UnreachableError(
    `${origin} answers with more than ${LONGEST_ANSWER / 2 ** 20} MiB: is it the address of a server with a users API?`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
