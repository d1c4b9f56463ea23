import { describe, expect, it } from 'vitest';
import { isWithin, PathReader } from '../../lib/authorization/paths.js';

const resourcesOf = (whole: string, below: string, base = '') => {
  const readings = new PathReader().read(whole, below, base);
  return readings && [...readings.whole, ...readings.below];
};
const resources = (whole: string, below = whole, base = '') => resourcesOf(whole, below, base) ?? [];

describe('the resource of a path', () => {
  it.each([
    ['/kapacitor/v1/tasks/x', '/api/tasks/x'],
    ['/tasks/x', '/api/tasks/x'],
    ['/kapacitor/v1', '/api'],
    ['/kapacitor/v10/tasks', '/api/kapacitor/v10/tasks'],
    ['/write', '/api/write'],
  ])('is the path without /kapacitor/v1, under /api: %s', (path, resource) => {
    expect(resources(path)).toEqual([resource]);
  });

  it('exists twice under Kapacitor’s preview prefix, which Kapacitor reads in two ways', () => {
    expect(resources('/kapacitor/v1preview/config')).toEqual(['/api/config', '/api/preview/config']);
  });

  it('exists for every reading of the path', () => {
    expect(resources('/kapacitor/v1/%63onfig')).toEqual(['/api/%63onfig', '/api/config']);
    expect(resources('/kapacitor/v1/tasks/../config')).toEqual(['/api/tasks/../config', '/api/config']);
    expect(resources('/')).toEqual(['/api/', '/api']);
  });

  it('also comes from the path below a mount', () => {
    expect(resources('/x/kapacitor/v1/config', '/kapacitor/v1/config')).toEqual([
      '/api/x/kapacitor/v1/config',
      '/api/config',
    ]);
  });

  it('comes from the path of a target in absolute form', () => {
    expect(resources('http://localhost:9092/kapacitor/v1/config')).toEqual(['/api/config']);
    expect(resources('http://localhost')).toEqual(['/api', '/api/']);
  });

  it.each(['*', 'kapacitor/v1/config', 'http:/kapacitor/v1/config', 'http://a%2Fb/kapacitor/v1/config', 'mailto:x'])(
    'is unknown if the path does not begin clearly: %s',
    (target) => {
      expect(resourcesOf(target, target)).toBeUndefined();
    },
  );

  it('is unknown if there are too many readings', () => {
    const path = `/${Array.from({ length: 12 }, (_, depth) => `%${'25'.repeat(depth)}63;x/./\\A//..`).join('/')}`;
    expect(resourcesOf(path, path)).toBeUndefined();
  });

  it.each(['%2e%2E/;x\\A//', '/', '\\', ';/', '%2f', '\u00a0', '?', '//h', '../'])(
    'is found in a moment, however long the path is: %j',
    (part) => {
      for (const length of [2_000, 15_000]) {
        const path = `/${part.repeat(length / part.length)}x`;
        const start = process.cpuUsage();
        for (let time = 0; time < 10; time += 1) resourcesOf(path, path);
        expect(process.cpuUsage(start).user / 1_000).toBeLessThan(500);
      }
    },
  );

  it('is unknown if the path, or the part below the mount, has more than 2 KiB', () => {
    const longest = `/${'x'.repeat(2_047)}`;
    expect(resources(longest)).toEqual([`/api${longest}`]);
    expect(resourcesOf(`${longest}x`, `${longest}x`)).toBeUndefined();
    expect(resourcesOf('/short', `${longest}x`, '/base')).toBeUndefined();
    expect(resourcesOf(`/${'é'.repeat(1_023)}`, '/short')).toBeDefined();
    expect(resourcesOf(`/${'é'.repeat(1_024)}`, '/short')).toBeUndefined();
  });

  it('is unknown if the whole path, or with the part below the mount, has too many readings', () => {
    const odd = '/A%2525252f;b/../%u0041\\x//y';
    expect(resourcesOf('/short', '/short', '/base')).toBeDefined();
    expect(resourcesOf(odd, '/short', '/base')).toBeUndefined();
    expect(resourcesOf('/short', odd, '/base')).toBeUndefined();
  });

  it.each([
    '/%u0063onfig',
    '/%U0063ONFIG',
    '/%u0063%6f%u006efig',
    '/%25u0063onfig',
    '/%2525u0063onfig',
    '/%u0025u0063onfig',
    '/%u002563onfig',
    '/%u00%36%33onfig',
    '/%%750063onfig',
    '/%uFF23onfig',
    '/%u002fconfig',
    '/tasks%u002f%u002e%u002e%u002fconfig',
    '/tasks%u005c..%u005cconfig',
    '/config%u003bx',
    '/config%u0000',
  ])('is found behind escapes of IIS: %s', (path) => {
    expect(resources(path)).toContain('/api/config');
  });
});

describe('a path reader', () => {
  it('remembers the first plain paths, and no more than a thousand', () => {
    const reader = new PathReader();
    const first = reader.read('/tasks');
    for (let index = 0; index < 1_000; index += 1) reader.read(`/${index}`);
    expect(reader.read('/tasks')).toBe(first);
    expect(reader.read('/late')).not.toBe(reader.read('/late'));
    expect(reader.read('/late')).toEqual({ whole: ['/api/late'], below: [] });
  });

  it('remembers no long path', () => {
    const reader = new PathReader();
    const long = `/${'x'.repeat(300)}`;
    expect(reader.read(long)).toEqual({ whole: [`/api${long}`], below: [] });
    expect(reader.read(long)).not.toBe(reader.read(long));
  });
});

describe('a path', () => {
  it.each([
    ['/api/config', true],
    ['/api/config/', true],
    ['/api/config/x', true],
    ['/api/configuration', false],
    ['/api', false],
  ])('is inside or outside of /api/config: %s', (path, expected) => {
    expect(isWithin(path, '/api/config')).toBe(expected);
  });
});
