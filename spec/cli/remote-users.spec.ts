import { describe, expect, it } from 'vitest';
import { run } from '../support/cli.js';

import { serveUsers } from './servers.js';

describe('the users of a server', () => {
  it('are listed and shown, with KAPACITOR_URL as well', async () => {
    const { server, on } = await serveUsers();
    expect((await on(['user', 'list', '?o*'])).stdout).toBe(
      'NAME    TYPE    PERMISSIONS   STATE\n' +
        'config  normal  config_api    enabled\n' +
        'nobody  normal  none          enabled\n' +
        'root    admin   (everything)  enabled\n',
    );
    const env = { KAPACITOR_URL: server.url.replace('://', '://api:pw@') };
    const time = '"\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z"';
    expect((await run(['user', 'show', 'root', '--json'], { env })).stdout).toMatch(
      new RegExp(
        '^{"name":"root","type":"admin","permissions":\\[\\],"enabled":true,"expires":null,"mustChangePassword":false,' +
          `"note":null,"created":${time},"passwordChanged":${time},"lastLogin":(?:null|${time})}\n$`,
      ),
    );
    expect((await on(['user', 'show', 'stan'])).exitCode).toBe(1);
    expect((await on(['user', 'show', 'a/../b'])).exitCode).toBe(1);
  });

  it('are added, changed and deleted', async () => {
    const { auth, on } = await serveUsers();
    const added = await on(['user', 'add', 'Größe', '--permission', 'api', '--disabled', '--password-stdin'], {
      input: 'pw',
    });
    expect(added).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Größe  normal  api          disabled'),
    });
    await on(['user', 'enable', 'Größe']);
    await on(['user', 'set', 'Größe', '--permission', 'write_points']);
    expect(await auth.users.get('Größe')).toMatchObject({ permissions: ['write_points'], enabled: true });
    expect((await on(['user', 'disable', 'Größe'])).stdout).toContain('disabled');
    expect((await on(['user', 'passwd', 'Größe', '--password-stdin'], { input: 'another' })).exitCode).toBe(0);
    expect((await on(['user', 'delete', 'Größe', '--yes'])).stdout).toBe('deleted Größe\n');
    expect(await auth.users.get('Größe')).toBeUndefined();
  });

  it("have rules, and the server's errors are printed", async () => {
    const { on } = await serveUsers();
    expect(await on(['user', 'add', 'api', '--password-stdin'], { input: 'pw' })).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: user "api" already exists\n',
    });
    expect(await on(['user', 'passwd', 'api', '--password-stdin'], { input: 'api' })).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: password must not be the username\n',
    });
    expect(await on(['user', 'delete', 'root', '-y'])).toMatchObject({
      exitCode: 1,
      stderr: 'kapacitor-auth: the last admin cannot be deleted or demoted\n',
    });
  });

  it('are refused to users without the privilege', async () => {
    const { server, on } = await serveUsers('nobody:pw');
    const list = await on(['user', 'list']);
    expect(list.exitCode).toBe(1);
    expect(list.stderr).toBe(
      `kapacitor-auth: ${server.url} refuses: user nobody does not have "read" privilege for API endpoint "/kapacitor/v1/users"\n`,
    );
    const wrong = await run(['user', 'list', '-url', server.url.replace('://', '://root:wrong@')]);
    expect(wrong).toMatchObject({
      exitCode: 1,
      stderr: `kapacitor-auth: ${server.url} rejects the login of root: authorization failed. The name or the password is wrong, or the user is disabled\n`,
    });
    const unnamed = await run(['user', 'list', '-url', server.url]);
    expect(unnamed).toMatchObject({
      exitCode: 1,
      stderr: `kapacitor-auth: ${server.url} requires a user: name one with --url ${server.url.replace('://', '://NAME@')}, which asks for the password\n`,
    });
  });

  it('may make the requests that "can" says', async () => {
    const { on } = await serveUsers();
    expect((await on(['can', 'api', 'DELETE', '/kapacitor/v1/tasks/x'])).exitCode).toBe(0);
    expect((await on(['can', 'nobody', 'GET', '/kapacitor/v1/tasks'])).exitCode).toBe(1);
  });

  it('have passwords, which a prompt asks for on a terminal only', async () => {
    const { server } = await serveUsers();
    const result = await run(['user', 'list', '-url', server.url.replace('://', '://root@')]);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(
      /^kapacitor-auth: there is no terminal to ask for the password of root\. Put it into KAPACITOR_URL/,
    );
  });
});
