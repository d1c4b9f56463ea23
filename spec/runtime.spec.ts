import { ConfigError, kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it, vi } from 'vitest';
import { EARLIEST, requireRuntime, runtimeName } from '../lib/runtime.js';
import packageJson from '../package.json' with { type: 'json' };
import { run } from './support/cli.js';

const NEEDS = 'kapacitor-auth needs Node.js 20.19 or a later 20, or 22.13 or later';

/** Lets this process look like one of another runtime. */
function pretend(versions: NodeJS.Dict<string>): void {
  vi.spyOn(process, 'versions', 'get').mockReturnValue(versions as never);
}

describe('the versions of Node.js that the package runs on', () => {
  it('are those that npm checks', () => {
    const [first, last] = EARLIEST.map(([major, minor]) => `${major}.${minor}.0`);
    expect(packageJson.engines.node).toBe(`^${first} || >=${last}`);
  });

  it.each(['20.19.0', '20.20.2', '22.13.0', '22.23.5', '23.11.1', '24.0.0', '26.12.1'])('include %s', (node) => {
    expect(requireRuntime({ node })).toBeUndefined();
  });

  it.each(['18.20.8', '20.18.3', '21.7.3', '22.0.0', '22.12.0'])('do not include %s', (node) => {
    const message = `${NEEDS}: this is Node.js ${node}`;
    expect(() => requireRuntime({ node })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message }));
  });

  it('are those that other runtimes are compatible with', () => {
    expect(requireRuntime({ node: '26.3.0', bun: '1.4.5' })).toBeUndefined();
    expect(() => requireRuntime({ node: '20.11.1', deno: '2.2.0' })).toThrow(`${NEEDS}: this is Deno 2.2.0`);
    expect(runtimeName({ node: '18.15.0', bun: '1.0.0' })).toBe('Bun 1.0.0');
  });
});

describe('on an earlier version', () => {
  it('the middleware cannot be made', () => {
    pretend({ node: '18.20.8' });
    expect(() => kapacitorAuth()).toThrow(ConfigError);
    expect(() => kapacitorAuth()).toThrow(`${NEEDS}: this is Node.js 18.20.8`);
  });

  it('a command fails with the reason', async () => {
    pretend({ node: '18.20.8' });
    const { exitCode, stderr } = await run(['user', 'list']);
    expect(stderr).toBe(`kapacitor-auth: ${NEEDS}: this is Node.js 18.20.8\n`);
    expect(exitCode).toBe(3);
  });
});
