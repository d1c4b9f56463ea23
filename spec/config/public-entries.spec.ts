import { describe, expect, it } from 'vitest';
import { fromCode, fromEnvironment, fromFileWithUsers, problemsOf } from './resolve.js';

describe('public', () => {
  it('is a frozen copy of what code gives', () => {
    const given = ['/health'];
    const { config } = fromCode({ http: { public: given } });
    given.push('/secrets');
    expect(config.http.public).toEqual(['/health']);
    expect(Object.isFrozen(config.http.public)).toBe(true);
  });

  it.each([
    '/health',
    'GET /status',
    'HEAD /x',
    'OPTIONS /x',
    'DELETE /x',
    'PROPFIND /dav',
    'REPLACE /x',
    '/a b',
    '/GET',
  ])('may contain %j', (entry) => {
    const { config, warnings } = fromCode({ http: { public: [entry] } });
    expect(config.http.public).toEqual([entry]);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['health', '"health" must begin with a slash: did you mean "/health"?'],
    ['', '"" must begin with a slash: did you mean "/"?'],
    ['/assets/', '"/assets/" can be read as "/assets": did you mean "/assets"?'],
    ['/assets/*', /^"\/assets\/\*" is a pattern, .*: did you mean "\/assets"\?$/],
    ['GET /users/:id', /^"\/users\/:id" is a pattern, .*: did you mean "\/users"\?$/],
    ['/a/../b', '"/a/../b" can be read as "/b": did you mean "/b"?'],
    ['GET /status?full', '"/status?full" has a query, and a path has none: did you mean "/status"?'],
    ['https://kim:hunter2@example.com/status', 'a URL is not a path: did you mean "/status"?'],
    ['GET status', '"status" must begin with a slash: did you mean "/status"?'],
    ['GETT /status', '"GETT /status": the method "GETT" is not known: did you mean "GET /status"?'],
    ['gte /status', '"gte /status": the method "gte" is not known: did you mean "GET /status"?'],
    [
      'get /status',
      '"get /status" must be a path, or a method in upper case, a blank and a path: did you mean "GET /status"?',
    ],
    ['GET  /status', /^"GET {2}\/status" must be a path, .*: did you mean "GET \/status"\?$/],
    [' GET /status', /^" GET \/status" must be a path, .*: did you mean "GET \/status"\?$/],
    ['/status GET', /^"\/status GET" must be a path, .*: did you mean "GET \/status"\?$/],
    ['replace /x', /^"replace \/x" must be a path, .*: did you mean "REPLACE \/x"\?$/],
    ['GET|POST /x', '"GET|POST /x": an entry has one method: write "GET /x" and "POST /x"'],
    ['get,head,m-search /x', /: an entry has one method: write "GET \/x", "HEAD \/x" and "M-SEARCH \/x"$/],
    ['(X) /status', '"(X) /status" must be a path, or a method in upper case, a blank and a path'],
    ['* /status', '"* /status": a path without a method is public for every method: did you mean "/status"?'],
    ['all /status', '"all /status": a path without a method is public for every method: did you mean "/status"?'],
  ])('cannot contain %j', (entry, problem) => {
    const [found = '', ...others] = problemsOf(() => fromCode({ http: { public: ['/health', entry] } }));
    expect(others).toEqual([]);
    expect(found.replace('http.public: ', '')).toEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    );
  });

  it('is refused with all its problems at once, in each source', () => {
    const problems = [expect.stringContaining('"a" must begin'), expect.stringContaining('"b" must begin')];
    expect(problemsOf(() => fromFileWithUsers('[http]\npublic = ["a", "/x", "b"]\n'))).toEqual(problems);
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_HTTP_PUBLIC: 'a,/x, b' }))).toEqual(problems);
    const [first] = problemsOf(() => fromFileWithUsers('[http]\npublic = ["a"]\n'));
    expect(first).toBe('kapacitor.conf, line 2: [http] public: "a" must begin with a slash: did you mean "/a"?');
  });

  it.each([
    [[3], 'http.public: a path must be a text in quotes, not 3'],
    [['/a', null], 'http.public: a path must be a text in quotes, not null'],
    [[['/a']], 'http.public: a path must be a text in quotes, not an array'],
  ])('contains texts only: %j', (given, problem) => {
    expect(problemsOf(() => fromCode({ http: { public: given } }))).toEqual([problem]);
  });

  it('may be wrong where another source overrides it, or without users', () => {
    const overridden = fromEnvironment({ KAPACITOR_HTTP_PUBLIC: 'health' }, { http: { public: ['/x'] } });
    expect(overridden.config.http.public).toEqual(['/x']);
    expect(overridden.warnings).toEqual([expect.stringMatching(/ \(ignored: http\.public overrides it\)$/)]);
    const off = { http: { authEnabled: false, public: ['health'] }, auth: { enabled: false } };
    expect(fromCode(off).config.http.public).toEqual([]);
  });

  it.each([
    ['/', '"/" contains every path: no request needs credentials'],
    ['GET /', '"/" contains every path: no request with the method GET needs credentials'],
    ['/kapacitor/v1', '"/kapacitor/v1" contains every path: no request needs credentials'],
    ['/users', '"/users" needs credentials all the same: the users are there, and are never public'],
    ['/users/kim/x', '"/users/kim/x" needs credentials all the same: the users are there, and are never public'],
    ['/me', '/kapacitor/v1/me needs credentials all the same: the endpoints of this package are never public'],
    [
      'GET /kapacitor/v1/check',
      '/kapacitor/v1/check needs credentials all the same: the endpoints of this package are never public',
    ],
  ])('causes a warning if it contains %j', (entry, warning) => {
    expect(fromCode({ http: { public: ['/health', entry] } }).warnings).toEqual([`http.public: ${warning}`]);
  });

  it('causes no warning for a path that is an endpoint only below another path of the API', () => {
    const http = { public: ['/kapacitor/v1/me', '/auth/v1/permissions'], apiPath: '/auth/v1' };
    expect(fromCode({ http }).warnings).toEqual([
      'http.public: /auth/v1/permissions needs credentials all the same: the endpoints of this package are never public',
    ]);
    expect(fromCode({ http: { ...http, apiPath: '/' } }).warnings).toEqual([]);
  });
});
