import { describe, expect, it } from 'vitest';
import { fromCode, fromEnvironment, fromFile, problemsOf } from './resolve.js';

describe('allowed-hosts', () => {
  it('is a copy of what code gives', () => {
    const allowedHosts = ['localhost'];
    const { config } = fromCode({ http: { allowedHosts } });
    allowedHosts.push('evil.example');
    expect(config.http.allowedHosts).toEqual(['localhost']);
  });

  it.each([
    ['[]', 'an empty list allows no host: leave it out to allow every host'],
    ['[1]', 'a host must be a text in quotes, not 1'],
    ['["localhost", "http://a:1/x"]', '"http://a:1/x" is a URL: write "a:1"'],
    ['["http://user:hunter2@a"]', 'a host has no @ in it: write only the host, such as "example.com"'],
  ])('cannot be %s in a file, even without users', (value, problem) => {
    expect(problemsOf(() => fromFile(`[http]\nallowed-hosts = ${value}\n`))).toEqual([
      `kapacitor.conf, line 2: [http] allowed-hosts: ${problem}`,
    ]);
  });

  it('are shown correctly if their line is not TOML', () => {
    expect(problemsOf(() => fromFile('[http]\nallowed-hosts: localhost, a.example\n'))).toEqual([
      'kapacitor.conf, line 2: allowed-hosts: this is not TOML: write  allowed-hosts = ["localhost", "a.example"]',
    ]);
  });

  it.each([
    ['localhost,,a', '"" is not a host, such as "localhost", "example.com:8080", ".example.com" or "[::1]"'],
    ['::1', '"::1" has no brackets: write "[::1]"'],
  ])('cannot be %s in the environment', (value, problem) => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_HTTP_ALLOWED_HOSTS: value }))).toEqual([
      `KAPACITOR_HTTP_ALLOWED_HOSTS: ${problem}`,
    ]);
  });

  it('cannot be a path in code', () => {
    expect(problemsOf(() => fromCode({ http: { allowedHosts: ['a/b'] } }))).toEqual([
      'http.allowedHosts: "a/b" has a path: write "a"',
    ]);
  });
});
