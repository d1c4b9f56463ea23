import { describe, expect, it } from 'vitest';
import { namedPathProblem, resourcesNamed } from '../../lib/authorization/named-path.js';
import { PathReader } from '../../lib/authorization/paths.js';

const PATHS = new PathReader();

describe('a path in the configuration', () => {
  it.each([
    ['/', ['/api']],
    ['/orders', ['/api/orders']],
    ['/kapacitor/v1', ['/api']],
    ['/kapacitor/v1/orders', ['/api/orders']],
    ['/api/orders', ['/api/api/orders']],
    ['/Orders', ['/api/Orders', '/api/orders']],
    ['/.well-known/acme-challenge', ['/api/.well-known/acme-challenge']],
    ['/files/a:b', ['/api/files/a:b']],
    ['/a b', ['/api/a%20b', '/api/a b']],
    ['/100%', ['/api/100%25', '/api/100%']],
    ['/caf\u00e9', ['/api/caf%C3%A9', '/api/caf\u00e9', '/api/caf%c3%a9']],
    ['/caf%C3%A9', ['/api/caf%C3%A9', '/api/caf\u00e9', '/api/caf%c3%a9']],
  ])('may be %j, and names every reading of a request for it', (path, resources) => {
    expect(namedPathProblem(path, PATHS)).toBeUndefined();
    expect(resourcesNamed(path, PATHS)).toEqual(resources);
  });

  it.each([
    ['orders', '"orders" must begin with a slash: did you mean "/orders"?'],
    ['', '"" must begin with a slash: did you mean "/"?'],
    ['https://kim:hunter2@example.com/orders?x', 'a URL is not a path: did you mean "/orders"?'],
    ['https://example.com', 'a URL is not a path'],
    ['/orders?x=1', '"/orders?x=1" has a query, and a path has none: did you mean "/orders"?'],
    ['/orders#new', '"/orders#new" has a query, and a path has none: did you mean "/orders"?'],
    ['/?x', '"/?x" has a query, and a path has none: did you mean "/"?'],
  ])('cannot be %j', (path, problem) => {
    expect(namedPathProblem(path, PATHS)).toBe(problem);
  });

  it.each([
    ['/orders/:id', '/orders'],
    ['/orders/:id/items', '/orders'],
    ['/orders/*', '/orders'],
    ['/orders/{id}', '/orders'],
    ['/orders{/:id}', '/'],
    ['/orders/[id]', '/orders'],
    ['/orders/<id>', '/orders'],
    ['/orders/:id(\\d+)', '/orders'],
    ['/*', '/'],
  ])('cannot be the pattern %j', (path, meant) => {
    expect(namedPathProblem(path, PATHS)).toBe(
      `${JSON.stringify(path)} is a pattern, and a path has none: everything below is included: did you mean "${meant}"?`,
    );
  });

  it.each([
    ['/orders/', '/orders'],
    ['/orders//', '/orders'],
    ['//orders', '/orders'],
    ['/a//b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/./b', '/a/b'],
    ['/..', '/'],
    ['/%2e%2e/b', '/b'],
    ['/a%2fb', '/a/b'],
    ['/a%252fb', '/a/b'],
    ['/a%u002fb', '/a/b'],
    ['/a\\b', '/a/b'],
    ['/a;v=1', '/a'],
    ['/a%00b', '/a'],
    ['/a\t', '/a'],
    ['/KAPACITOR/V1/orders', '/orders'],
  ])('cannot be %j, which some router reads as another', (path, reading) => {
    expect(namedPathProblem(path, PATHS)).toBe(
      `${JSON.stringify(path)} can be read as "${reading}": did you mean "${reading}"?`,
    );
  });

  it('below the second prefix of Kapacitor is meant without the prefix', () => {
    expect(namedPathProblem('/kapacitor/v1preview/orders', PATHS)).toBe(
      '"/kapacitor/v1preview/orders" can be read as "/preview/orders": did you mean "/orders"?',
    );
  });

  it.each([
    ['that is too long', `/${'x'.repeat(2_100)}`],
    ['with too many readings', '/A%2525252f;b/../%u0041\\x//y'],
  ])('cannot be one %s', (_, path) => {
    expect(namedPathProblem(path, PATHS)).toMatch(/^routers can read ".*"…? in too many ways: write a plain path$/);
    expect(resourcesNamed(path, PATHS)).toEqual([]);
  });

  it('leaves out the path of the API, wherever that is', () => {
    expect(resourcesNamed('/auth/v1/orders', new PathReader('/auth/v1'))).toEqual(['/api/orders']);
    expect(resourcesNamed('/kapacitor/v1/orders', new PathReader('/auth/v1'))).toEqual(['/api/kapacitor/v1/orders']);
    expect(resourcesNamed('/orders', new PathReader(''))).toEqual(['/api/orders']);
  });
});
