import type { IncomingHttpHeaders } from 'node:http';
import { oneLine } from '../safe-text.js';
import { type CliError, RefusedError, UnreachableError, UsageError } from './cli-error.js';
import type { ServerAddress } from './server-address.js';

/** An answer that is not the one that was asked for. */
export interface BadAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON; undefined where the answer is none. */
  readonly body: any;
  readonly path: string;
}

/** What a bad answer means to whoever has typed the command. */
export function answerProblem({ status, headers, body, path }: BadAnswer, { base, user }: ServerAddress): CliError {
  const said: string | undefined = typeof body?.error === 'string' ? oneLine(body.error) : undefined;
  const words = said === undefined ? '' : `: ${said}`;
  if (status === 401 && user === undefined) {
    return new RefusedError(
      `${base} wants to know who asks: --url ${base.replace('://', '://NAME@')} asks for the password`,
    );
  }
  if (status === 401) {
    return new RefusedError(
      `${base} does not let ${user} in${words}. The name or the password is wrong, or the user is disabled`,
    );
  }
  if (status === 403) return new RefusedError(`${base} refuses${words || ' (403)'}`);
  if (status === 404 && said !== 'no user exists') {
    return new UnreachableError(
      `there is nothing at ${base}${path.split('?')[0]} (404): is it the address of a server with a users API?`,
    );
  }
  if (status >= 300 && status < 400) {
    return new UnreachableError(
      `${base} sends us on to ${originOf(headers.location, base)} (${status}), and the password is not sent there: ` +
        'if that is right, name that address with --url',
    );
  }
  if (body === undefined) {
    const type = headers['content-type']?.split(';')[0] ?? 'no type';
    return new UnreachableError(
      `${base} answers ${status} with what is no JSON (${type}): is it the address of a server with a users API, or of a proxy?`,
    );
  }
  if (status === 400) return new RefusedError(said ?? `${base} does not take it (400)`);
  if (status === 409 || status === 404) return new RefusedError(said ?? `${base} refuses (${status})`);
  const retryAfter = headers['retry-after'];
  const later = retryAfter === undefined || /try again/.test(words) ? '' : `. Try again in ${retryAfter} s`;
  return new UnreachableError(`${base} answers ${status}${words}${later}`);
}

const CERTIFICATE = /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS_CERT)/;

/** Why there is no answer. */
export function connectionProblem(error: NodeJS.ErrnoException, base: string): CliError {
  const { code = '', message, name } = error;
  if (code === 'ERR_INVALID_CHAR') return new UsageError('the name or the password in the URL cannot be sent');
  return new UnreachableError(`cannot reach ${base}: ${reasonOf(code, name, message, base)}`, { cause: error });
}

function reasonOf(code: string, name: string, message: string, base: string): string {
  const isTls = base.startsWith('https:');
  if (name === 'TimeoutError' || name === 'AbortError') return 'no answer within 30 s';
  if (CERTIFICATE.test(code)) {
    return (
      `its certificate is not to be trusted (${message}). If it is your own, name the file of its authority in ` +
      'NODE_EXTRA_CA_CERTS; -skipVerify trusts everybody'
    );
  }
  if (code === 'ECONNREFUSED') return 'nobody listens there. Is the server running, and the port right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host is known';
  if (code === 'EPROTO' && isTls) return `it does not speak TLS. Is it ${base.replace('https:', 'http:')}?`;
  if ((code === 'ECONNRESET' || code.startsWith('HPE_')) && !isTls) {
    return `it ends the connection. Is it ${base.replace('http:', 'https:')}?`;
  }
  return message || code;
}

function originOf(location: string | undefined, base: string): string {
  const isUrl = location !== undefined && URL.canParse(location, base);
  return isUrl ? new URL(location, base).origin : 'another address';
}
