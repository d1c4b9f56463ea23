import type { IncomingHttpHeaders } from 'node:http';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { DEFAULT_API_PATH } from '../authorization/own-endpoints.js';
import { oneLine } from '../safe-text.js';
import {
  ChangedMeanwhileError,
  type CliError,
  NoAnswerError,
  RefusedError,
  UnreachableError,
  UsageError,
} from './cli-error.js';
import type { ServerAddress } from './target.js';

/** Milliseconds. */
const TIMEOUT = 30_000;
/** Bytes. A page of a thousand users takes a tenth of it at most. */
const MAX_ANSWER = 16 * 1024 * 1024;

/** A successful answer: JSON, or no body. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: any;
  /** The version of what was read. Undefined: the server has none. */
  readonly etag: string | undefined;
}

/**
 * Sends requests to a server. It does not follow redirects, so the credentials go nowhere else. Certificates are verified
 * with the authorities that Node.js knows and NODE_EXTRA_CA_CERTS.
 */
export class ApiClient {
  readonly #address: ServerAddress;
  readonly #authorization: string | undefined;
  readonly #agent: HttpAgent;
  #apiPath: string = DEFAULT_API_PATH;
  /** Whether the API is known to be at {@link #apiPath}. */
  #isLocated = false;

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
   * The path of the server's API. It is `/kapacitor/v1` below the address, or the address itself if the API is there: the
   * server's `http.apiPath` is then the path of the URL.
   */
  get apiPath(): string {
    return this.#apiPath || new URL(this.#address.base).pathname.replace(/\/$/, '');
  }

  /**
   * @param path below the path of the API, such as `/users`
   * @param body is sent as JSON
   * @param ifMatch the ETag of the version to change, if no other may be changed
   * @throws {UnreachableError} there is no answer, or not one of a users API
   * @throws {RefusedError} the server refuses
   * @throws {ChangedMeanwhileError} there is another version
   */
  async send(method: string, path: string, body?: unknown, ifMatch?: string): Promise<ApiAnswer> {
    const answer = await this.#sendToApi(method, path, body, ifMatch);
    if (isGood(answer)) return toApiAnswer(answer);
    throw answerError(answer, this.#address);
  }

  /** Like {@link send}, to an endpoint that not every server has. Undefined: this one has none. */
  async sendIfThere(method: string, path: string, body?: unknown): Promise<ApiAnswer | undefined> {
    const answer = await this.#sendToApi(method, path, body);
    if (answer.status === 404 || answer.status === 405) return undefined;
    if (isGood(answer)) return toApiAnswer(answer);
    throw answerError(answer, this.#address);
  }

  /**
   * Reads something that not every server has.
   *
   * @returns the JSON; undefined if the server does not answer with JSON, has nothing there, or refuses
   * @throws {UnreachableError} there is no answer
   * @throws {RefusedError} the server rejects the login
   */
  async read(path: string): Promise<unknown> {
    const answer = await this.#sendToApi('GET', path);
    if (answer.status === 401) throw answerError(answer, this.#address);
    return isGood(answer) ? answer.body : undefined;
  }

  async #sendToApi(method: string, path: string, body?: unknown, ifMatch?: string): Promise<Answer> {
    const answer = await this.#exchange(method, this.#apiPath + path, body, ifMatch);
    if (this.#isLocated) return answer;
    if (isGood(answer)) this.#isLocated = true;
    const mayBeElsewhere = answer.status === 404 || answer.status === 403;
    return mayBeElsewhere && (await this.#isAtAddress()) ? this.#sendToApi(method, path, body, ifMatch) : answer;
  }

  /** Asks whether the API is at the address itself: every user may ask there who it is. */
  async #isAtAddress(): Promise<boolean> {
    const answer = await this.#exchange('GET', '/me');
    const { name, privileges } = Object(answer.body);
    const isHere = isGood(answer) && typeof name === 'string' && typeof privileges === 'object';
    this.#isLocated = true;
    if (isHere) this.#apiPath = '';
    return isHere;
  }

  async #exchange(method: string, path: string, body?: unknown, ifMatch?: string): Promise<Answer> {
    const { base } = this.#address;
    try {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await this.#request(method, new URL(base + path), text, ifMatch);
      return { ...answer, body: parseJson(answer.text), path };
    } catch (error) {
      if (error instanceof UnreachableError) throw error;
      throw connectionError(error as NodeJS.ErrnoException, base);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(method: string, url: URL, body: string | undefined, ifMatch: string | undefined) {
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const options = {
      method,
      agent: this.#agent,
      signal: AbortSignal.timeout(TIMEOUT),
      headers: {
        Accept: 'application/json',
        ...(this.#authorization !== undefined && { Authorization: this.#authorization }),
        ...(ifMatch !== undefined && { 'If-Match': ifMatch }),
        ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      },
    };
    return new Promise<{ status: number; headers: IncomingMessage['headers']; text: string }>((resolve, reject) => {
      const sent = request(url, options, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length <= MAX_ANSWER) chunks.push(chunk);
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
  return new UnreachableError(`${origin} answers with more than ${MAX_ANSWER / 2 ** 20} MiB. ${IS_IT_A_SERVER}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed JSON, or undefined. */
  readonly body: any;
  readonly path: string;
}

/** RFC 9110, section 8.8.3: a strong tag. Another header is no version. */
const STRONG_TAG = /^"[\x21\x23-\x7e]*"$/;

function toApiAnswer({ status, body, headers: { etag } }: Answer): ApiAnswer {
  return { status, body, etag: etag !== undefined && STRONG_TAG.test(etag) ? etag : undefined };
}

function isGood({ status, body, text }: Answer): boolean {
  return status >= 200 && status < 300 && (body !== undefined || text === '');
}

/** The message of this package's servers in a 404, unless the path is wrong. */
const NOTHING_SUCH = /^no (?:user exists|key exists|audit log is kept)/;

const IS_IT_A_SERVER = 'Is this the address of a server with a users API?';

/** The error for an answer that reports a failure, or is not JSON. */
function answerError({ status, headers, body, path }: Answer, { base, user }: ServerAddress): CliError {
  const said: string | undefined = typeof body?.error === 'string' ? oneLine(body.error) : undefined;
  const reason = said === undefined ? '' : `: ${said}`;
  if (status === 401 && user === undefined) {
    const named = base.replace('://', '://NAME@');
    return new RefusedError(`${base} requires a user: name one with --url ${named}, which asks for the password`);
  }
  if (status === 401 && user === '') {
    return new RefusedError(
      `${base} rejects the key${reason}. It is wrong, deleted or expired, or its user is disabled`,
    );
  }
  if (status === 401) {
    return new RefusedError(
      `${base} rejects the login of ${user}${reason}. The name or the password is wrong, or the user is disabled`,
    );
  }
  if (status === 403) return new RefusedError(`${base} refuses${reason || ' (403)'}`);
  if (status === 404 && !NOTHING_SUCH.test(said ?? '')) {
    return new UnreachableError(`there is nothing at ${base}${path.split('?')[0]} (404). ${IS_IT_A_SERVER}`);
  }
  if (status >= 300 && status < 400) {
    return new UnreachableError(
      `${base} redirects to ${originOf(headers.location, base)} (${status}), and the password is not sent there. ` +
        'If that address is right, name it with --url',
    );
  }
  if (body === undefined) {
    const type = headers['content-type']?.split(';')[0] ?? 'no content type';
    return new UnreachableError(`${base} answers ${status} without JSON (${type}). ${IS_IT_A_SERVER}`);
  }
  if (status === 412) return new ChangedMeanwhileError(said ?? 'the user was changed meanwhile');
  if (status === 400) return new RefusedError(said ?? `${base} rejects the request (400)`);
  if (status === 409 || status === 404 || status === 501)
    return new RefusedError(said ?? `${base} refuses (${status})`);
  const retryAfter = headers['retry-after'];
  const later = retryAfter === undefined || /try again/.test(reason) ? '' : `. Try again in ${retryAfter} s`;
  return new UnreachableError(`${base} answers ${status}${reason}${later}`);
}

const CERTIFICATE = /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT)/;

function connectionError(error: NodeJS.ErrnoException, base: string): CliError {
  if (error.code === 'ERR_INVALID_CHAR') {
    return new UsageError('the name or the password in the URL has characters that cannot be sent');
  }
  return new NoAnswerError(`cannot reach ${base}: ${connectionProblem(error, base)}`, { cause: error });
}

function connectionProblem({ code = '', name, message }: NodeJS.ErrnoException, base: string): string {
  const isTls = base.startsWith('https:');
  if (name === 'TimeoutError' || name === 'AbortError') return `no answer within ${TIMEOUT / 1_000} s`;
  if (CERTIFICATE.test(code)) {
    return (
      `its certificate is not trusted (${message}). For a certificate of your own, name the file of its authority in ` +
      'NODE_EXTRA_CA_CERTS; -skipVerify trusts every certificate'
    );
  }
  if (code === 'ECONNREFUSED') return 'no server listens there. Is the server running, and is the port right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host is unknown';
  if (code === 'EPROTO' && isTls) return `the server does not speak TLS. Is it ${base.replace('https:', 'http:')}?`;
  if ((code === 'ECONNRESET' || code.startsWith('HPE_')) && !isTls) {
    return `the server closes the connection. Is it ${base.replace('http:', 'https:')}?`;
  }
  return message || code;
}

function originOf(location: string | undefined, base: string): string {
  const isUrl = location !== undefined && URL.canParse(location, base);
  return isUrl ? new URL(location, base).origin : 'another address';
}
