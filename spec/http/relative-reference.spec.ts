import { describe, expect, it } from 'vitest';
import { nextPath } from '../../lib/http/next-path.js';
import { relativeReference } from '../../lib/http/relative-reference.js';

const SIGN_IN = '/kapacitor/v1/sign-in';
const SESSION = '/kapacitor/v1/session';

describe('a relative reference', () => {
  it.each([
    [SIGN_IN, SESSION, 'session'],
    [`${SIGN_IN}/`, SESSION, '../session'],
    [`${SIGN_IN}?next=//evil.example/..`, SESSION, 'session'],
    [SESSION, '/reports/5?year=2026&x=a:b#top', '../../reports/5?year=2026&x=a:b#top'],
    ['/reports', `${SIGN_IN}?next=%2Freports`, 'kapacitor/v1/sign-in?next=%2Freports'],
    ['/', SIGN_IN, 'kapacitor/v1/sign-in'],
    ['/admin/x', '/admin/auth/sign-in', 'auth/sign-in'],
    ['/sign-in', '/session', 'session'],
    ['/a/b/c/d', '/a/x/c/d', '../../x/c/d'],
    ['/a/b/', '/a/b', '../b'],
    ['/a/b', '/a/b/', 'b/'],
    ['/a/b', '/a/b?x', 'b?x'],
    ['/a/b', '/a/', './'],
    ['/a', '/', './'],
    ['/a', '/?x', './?x'],
    ['/a', '/#top', './#top'],
    [SESSION, '/', '../../'],
    ['/x', '/a:b/c', './a:b/c'],
    ['/x', '/https:evil.example', './https:evil.example'],
    ['/x', '/a/b:c', 'a/b:c'],
    ['/x/y', '/a:b', '../a:b'],
    ['/a/b', '/a//evil.example', './/evil.example'],
    ['/x/y', '/a//evil.example', '../a//evil.example'],
    ['/a%2Fb/c', '/x', '../x'],
    ['/a%2Fb/c', '/a/b/c', '../a/b/c'],
    ['/%2F/a', '/%2F/evil.example', 'evil.example'],
    ['/a%252e%252e/b', '/x', '../x'],
    ['/.../b', '/x', '../x'],
    [`http://app.example${SIGN_IN}`, SESSION, 'session'],
    [`http://app.example:8080${SIGN_IN}?x`, SESSION, 'session'],
  ])('from %s to %s is %s', (from, to, expected) => {
    expect(relativeReference(from, to)).toBe(expected);
  });

  it.each([
    ...['//evil.example', '//evil.example/x', '/a//b', '/a//', '///'],
    ...['/..', '/a/../b', '/a/./b', '/a/.', '/%2e%2E/b', '/a/.%2e', '/a/%2E/b'],
    ...['/\\evil.example', '/a\\b', '/a#/b', '/a\t/b', '/a/.\n./b'],
    ...['', 'a/b', '*', '?x', 'app.example:443', 'http://app.example', 'http:a', 'http://evil example/a', 'data:,x'],
  ])('is the absolute path where the path of the browser is not known: from %j', (from) => {
    expect(relativeReference(from, '/kapacitor/v1/sign-in?next=%2Fx')).toBe('/kapacitor/v1/sign-in?next=%2Fx');
  });

  it('leads a browser to the same place as the path does, and stays below the prefix of a proxy', () => {
    const parts = ['a', 'b', 'a:b', 'https:', '@evil.example', '%2F', 'a%2Fb', '%5C', '%252e%252e', '...', ';x=..', ''];
    const paths = ['/', ...parts.flatMap((one) => [`/${one}`, ...parts.map((two) => `/${one}/${two}`)])];
    const deep = [
      '/a/b/a',
      '/a/b/a/',
      '/a/a/b/b',
      '/b/a:b/a/x',
      '/a/%2F/a',
      '//evil.example',
      '/a//evil.example',
      '/a/../b',
    ];
    const targets = [...paths, ...deep].flatMap((path) => [path, `${path}?x=/..//:`, `${path}#/..//`]).map(nextPath);
    const tos = [...new Set(targets)];
    let relative = 0;
    for (const from of [...paths, ...deep, '/a/b?x=//y/../:', '/%2e%2e/b']) {
      for (const to of tos) {
        const reference = relativeReference(from, to);
        const said = `${from} to ${to}: ${reference}`;
        const reached = new URL(reference, `http://h${from}`);
        if (reached.href !== new URL(to, 'http://h').href) throw new Error(`${said} reaches ${reached}`);
        if (reference === to) continue;
        relative += 1;
        if (reference.startsWith('/')) throw new Error(said);
        const below = new URL(reference, `http://h/tool/x${from}`);
        if (below.href !== `http://h/tool/x${to}`) throw new Error(`${said} reaches ${below}`);
      }
    }
    expect(relative).toBeGreaterThan(10_000);
  });
});
