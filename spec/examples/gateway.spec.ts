import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseUpstream } from '../../lib/cli/commands/serve-options.js';
import { resolveConfig } from '../../lib/config/config.js';
import { SETTINGS } from '../../lib/config/settings.js';
import packageJson from '../../package.json' with { type: 'json' };

const read = (file: string) => readFileSync(new URL(`../../examples/gateway/${file}`, import.meta.url), 'utf8');
const compose = parse(read('compose.yaml'));
const { gateway, kapacitor } = compose.services;

/** The instructions of the Dockerfile, without line breaks and comments. */
const instructions = read('Dockerfile')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(/ (.*)/, 2) as [name: string, value: string]);
const valuesOf = (name: string) => instructions.flatMap(([each, value]) => (each === name ? [value] : []));
const imageEnvironment = Object.fromEntries(
  valuesOf('ENV').flatMap((line) => line.split(/\s+/).map((pair) => pair.split(/=(.*)/, 2) as [string, string])),
);
const environment: Record<string, string> = { ...imageEnvironment, ...gateway.environment };
const { config } = resolveConfig({}, {}, environment);

describe('examples/gateway/Dockerfile', () => {
  it('runs the gateway as a user without rights, as the process that gets the signals', () => {
    expect(valuesOf('USER')).toEqual(['node']);
    const names = instructions.map(([name]) => name);
    expect(names.indexOf('USER')).toBeLessThan(names.indexOf('ENTRYPOINT'));
    expect(JSON.parse(valuesOf('ENTRYPOINT')[0] as string)).toEqual([
      `/app/node_modules/.bin/${Object.keys(packageJson.bin)[0]}`,
      'serve',
    ]);
    const [option, upstream] = JSON.parse(valuesOf('CMD')[0] as string);
    expect([option, parseUpstream(upstream)]).toEqual(['--upstream', upstream]);
  });

  it('installs this version, and versions of its peers that it takes', () => {
    const installed = [...(valuesOf('RUN')[0] as string).matchAll(/([a-z-]+)@([\d.]+)/g)].map(
      ([, name, version]) => [name, version] as const,
    );
    expect(installed.map(([name]) => name)).toEqual(['kapacitor-auth', 'express', 'http-proxy-middleware']);
    const ranges: Record<string, string> = {
      ...packageJson.peerDependencies,
      'kapacitor-auth': `^${packageJson.version}`,
    };
    for (const [name = '', version] of installed) expect(ranges[name]).toContain(`^${version}`);
    const [, node] = /^node:(\d+)-slim$/.exec(valuesOf('FROM')[0] as string) ?? [];
    // From this version on, SQLite needs no further package.
    expect(Number(node)).toBeGreaterThanOrEqual(24);
  });
});

describe('examples/gateway/compose.yaml', () => {
  it('sets variables that there are', () => {
    const known = SETTINGS.flatMap(({ variables }) => variables);
    const used = Object.keys(environment).filter((name) => name.startsWith('KAPACITOR_'));
    expect(used.length).toBeGreaterThan(4);
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('has authentication, a first admin from a secret, and a store on a volume', () => {
    expect(config.http.authEnabled).toBe(true);
    expect(config.auth.admin).toEqual({ name: 'admin' });
    const [secret] = gateway.secrets;
    expect(environment['KAPACITOR_AUTH_ADMIN_PASSWORD_FILE']).toBe(`/run/secrets/${secret}`);
    expect(compose.secrets).toHaveProperty(secret);
    const [volume, folder] = gateway.volumes[0].split(':');
    expect(compose.volumes).toHaveProperty(volume);
    expect(config.auth.store).toBe(`sqlite:${folder}/users.db`);
    expect(valuesOf('VOLUME')).toEqual([folder]);
    expect(valuesOf('RUN')[0]).toContain(`mkdir ${folder} && chown node:node ${folder}`);
  });

  it('listens on every address of the container, at the port that is published', () => {
    expect(config.http.bindAddress).toEqual({ host: undefined, port: 9092 });
    expect(valuesOf('EXPOSE')).toEqual(['9092']);
    expect(gateway.ports).toEqual(['127.0.0.1:9092:9092']);
  });

  it('asks for a public path to see whether the gateway is well', () => {
    const [url = ''] = /http:[^']+/.exec(gateway.healthcheck.test.join(' ')) ?? [];
    const { port, pathname } = new URL(url);
    expect(Number(port)).toBe(config.http.bindAddress.port);
    expect(config.http.public).toEqual([`GET ${pathname}`]);
  });

  it('lets nobody around the gateway', () => {
    expect(gateway.command).toEqual([
      '--upstream',
      `http://kapacitor${kapacitor.environment.KAPACITOR_HTTP_BIND_ADDRESS}`,
    ]);
    expect(kapacitor).not.toHaveProperty('ports');
    expect(kapacitor.networks).toEqual(['inside']);
    expect(compose.networks.inside).toEqual({ internal: true });
    expect(gateway.networks).toContain('inside');
  });
});
