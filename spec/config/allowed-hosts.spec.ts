import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromCode, fromEnvironment, fromFile, problemsOf } from './resolve.js';

const EXPECTED = 'must be a list of hosts, such as ["localhost", "example.com:8080", ".example.com", "[::1]"]';

describe('allowed-hosts', () => {
  it('is every host by default, with a file and without', () => {
    expect(fromFile('').config.http.allowedHosts).toBeUndefined();
    expect(fromCode({}).config.http.allowedHosts).toBeUndefined();
  });

  it('is a list in a file and in code, and has commas in the environment', () => {
    const hosts = ['localhost', '.example.com', '[::1]:80'];
    const file = '[http]\nallowed-hosts = ["localhost", ".example.com", "[::1]:80"]\n';
    expect(fromFile(file).config.http.allowedHosts).toEqual(hosts);
    expect(fromCode({ http: { allowedHosts: hosts } }).config.http.allowedHosts).toEqual(hosts);
    const environment = { KAPACITOR_HTTP_ALLOWED_HOSTS: 'localhost, .example.com,[::1]:80' };
    expect(fromEnvironment(environment).config.http.allowedHosts).toEqual(hosts);
  });

  it('is what code says, else what the environment does, else what the file does', () => {
    const path = configFile('[http]\nallowed-hosts = ["file"]\n');
    const environment = { KAPACITOR_HTTP_ALLOWED_HOSTS: 'environment' };
    expect(resolveConfig(path, { http: { allowedHosts: ['code'] } }, environment).config.http.allowedHosts).toEqual([
      'code',
    ]);
    expect(resolveConfig(path, {}, environment).config.http.allowedHosts).toEqual(['environment']);
    expect(resolveConfig(path, {}, {}).config.http.allowedHosts).toEqual(['file']);
  });

  it('is a copy of what code gives', () => {
    const allowedHosts = ['localhost'];
    const { config } = fromCode({ http: { allowedHosts } });
    allowedHosts.push('evil.example');
    expect(config.http.allowedHosts).toEqual(['localhost']);
  });

  it.each([
    ['"localhost"', `${EXPECTED}, not "localhost": write  allowed-hosts = ["localhost"]`],
    ['[]', 'an empty list allows no host: leave it out to allow every host'],
    ['[1]', 'a host must be a text in quotes, not 1'],
    ['true', `${EXPECTED}, not true`],
    ['["localhost", "http://a:1/x"]', '"http://a:1/x" is a URL: write "a:1"'],
    ['["http://user:hunter2@a"]', 'a host has no @ in it: write only the host, such as "example.com"'],
  ])('is not %s in a file, also without users', (value, problem) => {
    expect(problemsOf(() => fromFile(`[http]\nallowed-hosts = ${value}\n`))).toEqual([
      `kapacitor.conf, line 2: [http] allowed-hosts: ${problem}`,
    ]);
  });

  it('shows how it is written where the line is not TOML', () => {
    expect(problemsOf(() => fromFile('[http]\nallowed-hosts: localhost, a.example\n'))).toEqual([
      'kapacitor.conf, line 2: allowed-hosts: this is not TOML: write  allowed-hosts = ["localhost", "a.example"]',
    ]);
  });

  it.each([
    ['localhost,,a', '"" is not a host, such as "localhost", "example.com:8080", ".example.com" or "[::1]"'],
    ['::1', '"::1" has no brackets: write "[::1]"'],
  ])('is not %s in the environment', (value, problem) => {
    expect(problemsOf(() => fromEnvironment({ KAPACITOR_HTTP_ALLOWED_HOSTS: value }))).toEqual([
      `KAPACITOR_HTTP_ALLOWED_HOSTS: ${problem}`,
    ]);
  });

  it.each([
    ['localhost', `${EXPECTED}, not "localhost"`],
    [new Set(['localhost']), `${EXPECTED}, not a set`],
    [['a/b'], '"a/b" has a path: write "a"'],
  ])('is not %j in code', (allowedHosts, problem) => {
    expect(problemsOf(() => fromCode({ http: { allowedHosts } }))).toEqual([`http.allowedHosts: ${problem}`]);
  });
});
