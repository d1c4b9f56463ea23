import type { HostRequest, HostResponse, Middleware } from '../request/host.js';
import { mountOf, pathOf } from '../request/host.js';
import { allowOf, sendEmpty, sendError, sendHtml, sendMethodNotAllowed } from './answers.js';
import type { Guard } from './guard.js';
import type { Proceed } from './guard-options.js';
import { escaped, pageHeaders } from './html.js';
import { UsersPageAssets } from './users-page-assets.js';

const ALLOW = allowOf(['GET']);

const HEADERS = pageHeaders([
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
]);

/** The settings that the page gets. It asks the API for all else. */
interface UsersPageSettings {
  /** The title. */
  readonly realm: string;
  /** See {@link ResolvedConfig}. */
  readonly apiPath: string;
}

/** The page for the people who manage users: at its place below the API, and for an app to mount. */
export interface UsersPage {
  readonly belowApi: Middleware;
  readonly mounted: Middleware;
}

/**
 * Creates the page for the people who manage users. It shows nothing by itself: its script asks the API with the session of the
 * browser. So every user may open it, and a person without a session goes to the sign-in page. Its assets are public.
 */
export function createUsersPage(guard: Guard, { realm, apiPath }: UsersPageSettings): UsersPage {
  const assets = new UsersPageAssets();
  const at = (hasEndpoints: boolean, wayToApi: (req: HostRequest) => string): Middleware => {
    const show: Proceed = (_user, req, res) => {
      if (answersMethod(req, res)) sendHtml(res, 200, shell(assets, realm, wayToApi(req)), HEADERS);
      return false;
    };
    return (req: HostRequest, res, next) => {
      const asset = assets.nameIn(req);
      if (asset === undefined) return guard.identify(req, res, next, show, { hasEndpoints });
      guard.later(res, next, () => {
        const otherHost = guard.hosts.refusalOf(req);
        if (otherHost !== undefined) return otherHost;
        if (answersMethod(req, res)) assets.send(asset, req, res);
        return false;
      });
    };
  };
  const mounted = at(false, (req) => `${'../'.repeat(depthOf(mountOf(req)))}${apiPath.slice(1)}`);
  return {
    belowApi: at(true, () => '..'),
    mounted: (req, res, next) => (pathOf(req.url ?? '') === '/' ? mounted(req, res, next) : next()),
  };
}

/** The page of an app that has not switched it on. */
export const noUsersPage: Middleware = (_req, res, next) => {
  void next;
  sendError(res, 404, 'the page for users is off: set http.usersPage');
};

/** Answers methods other than GET and HEAD. */
function answersMethod(req: HostRequest, res: HostResponse): boolean {
  if (req.method === 'GET' || req.method === 'HEAD') return true;
  if (req.method === 'OPTIONS') sendEmpty(res, 204, { Allow: ALLOW });
  else sendMethodNotAllowed(res, ALLOW);
  return false;
}

/** The number of segments of a path. */
function depthOf(path: string): number {
  return path.split('/').filter(Boolean).length;
}

function shell(assets: UsersPageAssets, realm: string, wayToApi: string): string {
  const href = (name: string) => escaped(assets.hrefOf(name));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Users</title>
<link rel="icon" href="${href('icon.svg')}">
<link rel="stylesheet" href="${href('page.css')}">
<script src="${href('page.js')}" defer></script>
</head>
<body>
<div id="page" data-api="${escaped(wayToApi)}" data-realm="${escaped(realm)}"></div>
<noscript><p>This page needs JavaScript. The command line and the API do the same: kapacitor-auth user --help</p></noscript>
</body>
</html>
`;
}
