import { describe, expect, it } from 'vitest';
import { nextPath } from '../../lib/http/next-path.js';

describe('the place after a sign-in', () => {
  it.each([
    ['/', '/'],
    ['/reports', '/reports'],
    ['/reports/5?year=2026&x=a%20b#top', '/reports/5?year=2026&x=a%20b#top'],
    ['/a/../b/./c', '/b/c'],
    ['/größe 1', '/gr%C3%B6%C3%9Fe%201'],
    ['/?next=https://evil.example/', '/?next=https://evil.example/'],
    ['/@evil.example', '/@evil.example'],
    ['/:80', '/:80'],
    ['/a//b', '/a//b'],
    ['/%2F/evil.example', '/%2F/evil.example'],
    ['/%2f%2fevil.example', '/%2f%2fevil.example'],
    ['/%5Cevil.example', '/%5Cevil.example'],
    ['/a%00b', '/a%00b'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('may be the path %j', (given, expected) => {
    expect(nextPath(given)).toBe(expected);
  });

  it.each([
    ...['', 'reports', '?x', '#x', '.', '..//evil.example', ' /x', '\t/x', '\ufeff/x'],
    ...['//evil.example', '///evil.example', '/\\evil.example', '\\\\evil.example', '\\/evil.example', '/a\\b'],
    ...['https://evil.example', 'HTTPS:evil.example', 'https:/evil.example', 'http:', 'javascript:alert(1)', 'data:,x'],
    ...['/\t/evil.example', '/\n/evil.example', '/\r\nSet-Cookie: a=b', '/a\0b', '/\x7f', '/\x85', '\x01/x'],
    ...[
      '/.//evil.example',
      '/..//evil.example',
      '/a/..//evil.example',
      '/%2e//evil.example',
      '/%2E%2e/.//evil.example',
    ],
    `/${'x'.repeat(2_048)}`,
    `/${'é'.repeat(1_000)}`,
  ])('is never %j', (given) => {
    expect(nextPath(given)).toBe('/');
  });

  it.each([undefined, null, 5, ['/a'], { toString: () => '/a' }])('is a text, and not %j', (given) => {
    expect(nextPath(given)).toBe('/');
  });

  it('is on the same host wherever a browser comes from, for 100,000 odd inputs', () => {
    const parts = [
      '/',
      '//',
      '\\',
      '.',
      '..',
      '%2e',
      '%2F',
      '%5c',
      ':',
      '@',
      '?',
      '#',
      'a',
      'evil.example',
      'https:',
      '\t',
    ];
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    for (let round = 0; round < 100_000; round += 1) {
      const given = Array.from({ length: 1 + random(6) }, () => parts[random(parts.length)]).join('');
      const path = nextPath(given);
      for (const base of ['https://app.example/kapacitor/v1/session', 'http://localhost:9092/x/y']) {
        const url = new URL(path, base);
        if (url.origin !== new URL(base).origin || nextPath(path) !== path) throw new Error(`${given} leads to ${url}`);
      }
    }
  });
});
