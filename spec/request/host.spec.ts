import { describe, expect, it } from 'vitest';
import { mountOf, wholePathOf } from '../../lib/request/host.js';

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
