import type { Request } from 'express';

/** What stands before the query in a request's target. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** What stands behind the path, without its question mark. */
export function queryOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? '' : url.slice(query + 1);
}

/** The path as the client sent it, and as it is below a mount or after a middleware has rewritten it. */
export function pathsOf(req: Request): string[] {
  const whole = pathOf(req.originalUrl);
  const below = pathOf(req.url);
  return whole === below ? [whole] : [whole, below];
}
