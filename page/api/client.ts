/** A request to the API. */
export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: object;
  /** The version that a change is for. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether somebody whose session has ended may sign in again, and the request is repeated. Defaults to true. */
  readonly mayAsk?: boolean;
}

export interface Answer<T> {
  readonly body: T;
  readonly etag: string | undefined;
}

/** A request that failed. */
export class ApiError extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly code: string | undefined;
  /** Seconds to wait for. */
  readonly retryAfter: number | undefined;

  constructor(status: number, message: string, { code, retryAfter }: { code?: string; retryAfter?: number } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** Asks the API, with the session of the browser. */
export class Client {
  readonly #base: URL;
  /** Lets somebody sign in whose session has ended. False: nobody did. */
  signInAgain: () => Promise<boolean> = async () => false;

  /** @param base the place of the API, with a slash at its end */
  constructor(base: URL) {
    this.#base = base;
  }

  /** The address of an endpoint. */
  urlOf(path: readonly string[], query: Call['query'] = {}): URL {
    const url = new URL(path.map(encodeURIComponent).join('/'), this.#base);
    for (const [name, value] of Object.entries(query)) {
      for (const each of [value ?? []].flat()) if (each !== '') url.searchParams.append(name, each);
    }
    return url;
  }

  /** @throws {ApiError} the request failed */
  async ask<T>(path: readonly string[], call: Call = {}): Promise<Answer<T>> {
    const response = await this.#send(path, call);
    const text = await response.text().catch(() => '');
    if (response.ok) return { body: (text === '' ? undefined : parsed(text)) as T, etag: etagOf(response) };
    if (response.status === 401 && call.mayAsk !== false && (await this.signInAgain())) {
      return this.ask(path, { ...call, mayAsk: false });
    }
    throw errorOf(response, text);
  }

  async #send(path: readonly string[], { method = 'GET', query, body, etag, signal }: Call): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (etag !== undefined) headers['If-Match'] = etag;
    try {
      return await fetch(this.urlOf(path, query), {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(0, 'no answer');
    }
  }
}

function etagOf(response: Response): string | undefined {
  return response.headers.get('ETag') ?? undefined;
}

function errorOf(response: Response, text: string): ApiError {
  const { message, error, code } = Object(parsed(text)) as Readonly<Partial<Record<string, string>>>;
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return new ApiError(response.status, message ?? error ?? response.statusText, {
    ...(code !== undefined && { code }),
    ...(Number.isFinite(seconds) && { retryAfter: seconds }),
  });
}

/** A proxy may answer with a page of its own. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
