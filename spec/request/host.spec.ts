import { describe, expect, it } from 'vitest';
import { isRewritten, mountOf, wholePathOf } from '../../lib/request/host.js';

describe('the path of a mount', () => {
  it.each([
    ['Express', { originalUrl: '/a/b?c', url: '/b?c', baseUrl: '/a' }, '/a'],
    ['Express, without a mount', { originalUrl: '/a?b', url: '/a?b', baseUrl: '' }, ''],
    ['Express, where another middleware has rewritten the path', { originalUrl: '/c', url: '/b', baseUrl: '/a' }, '/a'],
    ['Connect', { originalUrl: '/a/b?c', url: '/b?c' }, '/a'],
    ['Connect, at the mount itself', { originalUrl: '/a?c', url: '/?c' }, '/a'],
    ['Connect, in absolute form', { originalUrl: 'http://h/a/b?c', url: 'http://h/b?c' }, '/a'],
    ['Connect, in absolute form, at the mount itself', { originalUrl: 'http://h/a?c', url: 'http://h/?c' }, '/a'],
    ['Connect, where another middleware has rewritten the path', { originalUrl: '/a', url: '/b' }, ''],
    ['a bare server', { url: '/a' }, ''],
    ['nothing at all', {}, ''],
  ])('is determined from the properties that the host sets: %s', (_host, request, mount) => {
    expect(mountOf(request)).toBe(mount);
  });
});

describe('the path as the client sent it', () => {
  it('comes from originalUrl, or else from url', () => {
    expect(wholePathOf({ originalUrl: '/a/b?c', url: '/b?c' })).toBe('/a/b');
    expect(wholePathOf({ url: '/b?c' })).toBe('/b');
    expect(wholePathOf({})).toBe('');
  });
});

describe('a path that a middleware has rewritten', () => {
  it.each([
    ['another path', { originalUrl: '/a?x', url: '/b?x', baseUrl: '' }, true],
    ['a path without its beginning', { originalUrl: '/a/b', url: '/b', baseUrl: '' }, true],
    ['another path below a mount', { originalUrl: '/a/b', url: '/c', baseUrl: '/a' }, true],
    ['another path before the mount', { originalUrl: '/b', url: '/b', baseUrl: '/a' }, false],
    ['another path before the mount, and a part of it below', { originalUrl: '/c/b', url: '/b', baseUrl: '/a' }, true],
    ['another path in absolute form', { originalUrl: 'http://h/a', url: 'http://h/b', baseUrl: '' }, true],
    ['another path in Connect', { originalUrl: '/a', url: '/b' }, true],
    ['another query', { originalUrl: '/a?x', url: '/a?y', baseUrl: '' }, false],
    ['nothing', { originalUrl: '/a', url: '/a', baseUrl: '' }, false],
    ['nothing below a mount', { originalUrl: '/a/b?c', url: '/b?c', baseUrl: '/a' }, false],
    ['nothing at the mount itself', { originalUrl: '/a?c', url: '/?c', baseUrl: '/a' }, false],
    ['nothing at the mount itself, with a slash', { originalUrl: '/a/', url: '/', baseUrl: '/a' }, false],
    ['nothing in absolute form', { originalUrl: 'http://h/a/b', url: 'http://h/b', baseUrl: '/a' }, false],
    ['nothing in Connect', { originalUrl: '/a/b', url: '/b' }, false],
    ['nothing in a bare server', { url: '/a' }, false],
  ])('is told from one below a mount: %s', (_what, request, isNew) => {
    expect(isRewritten(request)).toBe(isNew);
  });
});
