import { withoutOrigin } from '../authorization/paths.js';
import type { HostRequest } from './host.js';

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

/** The path as the client sent it. */
export function wholePathOf({ originalUrl, url = '' }: Pick<HostRequest, 'originalUrl' | 'url'>): string {
  return pathOf(originalUrl ?? url);
}

/** The path of the mount. Connect says only what is left below it, with the origin of a target in absolute form. */
export function mountOf(req: Pick<HostRequest, 'originalUrl' | 'url' | 'baseUrl'>): string {
  if (req.baseUrl) return req.baseUrl;
  if (req.originalUrl === req.url) return '';
  const whole = withoutOrigin(wholePathOf(req));
  const below = withoutOrigin(pathOf(req.url ?? ''));
  if (whole === below) return '';
  if (whole.endsWith(below)) return whole.slice(0, whole.length - below.length);
  // What is mounted sees at least a slash.
  return below === '/' ? whole : '';
}
