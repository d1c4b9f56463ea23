import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../lib/config/report.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { configFile, fromFile, ON, problemsOf, reportOf, settingOf } from './resolve.js';

describe('the problems in a report', () => {
  const BAD = '[http]\nauth-enabled = true\nrealm = 3\n[auth]\nhashing-concurrency = 9\nadmin-username = "root"\n';

  it('are reported at once: of the environment, of the file, and between settings', () => {
    const { problems } = reportOf(BAD, { KAPACITOR_AUTH_BCRYPT: '3' });
    expect(problems).toEqual([
      'KAPACITOR_AUTH_BCRYPT: must be an integer from 4 to 20, not "3"',
      expect.stringMatching(/^kapacitor\.conf, line 3: \[http\] realm: must be a text /),
      expect.stringMatching(/^authentication is on \(\[http\] auth-enabled\) while there are no users/),
      expect.stringMatching(/^\[auth\] hashing-concurrency must be at most 3, not 9: /),
      expect.stringMatching(/^kapacitor\.conf, line 6: \[auth\] admin-username: the first admin has a name and no /),
    ]);
  });

  it('are the same as in the error at the start', () => {
    expect(problemsOf(() => fromFile(BAD, { KAPACITOR_AUTH_BCRYPT: '3' }))).toEqual(
      reportOf(BAD, { KAPACITOR_AUTH_BCRYPT: '3' }).problems,
    );
  });

  it('do not hide other settings', () => {
    const report = reportOf(BAD, { KAPACITOR_AUTH_BCRYPT: '3' });
    expect(settingOf(report, 'realm')).toBeUndefined();
    expect(settingOf(report, 'bcrypt-cost')).toBeUndefined();
    expect(settingOf(report, 'auth-enabled')).toEqual({ value: 'true', from: 'kapacitor.conf, line 2' });
    expect(settingOf(report, 'failure-limit')).toEqual({ value: '10', from: 'default' });
  });

  it('do not hide a setting that a stronger source sets', () => {
    const report = reportOf(BAD, { KAPACITOR_HTTP_REALM: 'mine' });
    expect(settingOf(report, 'realm')).toEqual({ value: '"mine"', from: 'KAPACITOR_HTTP_REALM' });
  });

  it.each([
    ['there is none', (folder: string) => join(folder, 'none.conf'), /none\.conf: there is no such file$/],
    ['it is a folder', (folder: string) => folder, /: it is a folder: name the file in it/],
    ['its path is empty', () => '', /^the path of the config file is empty/],
  ])('include an unreadable file, and problems of the environment: %s', (_, path, problem) => {
    const environment = { KAPACITOR_AUTH_BCRYPT: '3', KAPACITOR_HTTP_REALM: 'mine' };
    const report = checkConfig(path(temporaryFolder()), environment);
    expect(report.problems).toEqual([
      expect.stringMatching(/^KAPACITOR_AUTH_BCRYPT: /),
      expect.stringMatching(problem),
    ]);
    expect(report.warnings).toEqual([]);
    expect(report.settings).toEqual([{ section: 'http', key: 'realm', value: '"mine"', from: 'KAPACITOR_HTTP_REALM' }]);
  });

  it('include variables that contradict each other', () => {
    const report = reportOf(ON, { KAPACITOR_AUTH_BCRYPT: '5', KAPACITOR_AUTH_BCRYPT_COST: '6' });
    expect(report.problems).toHaveLength(1);
    expect(settingOf(report, 'bcrypt-cost')).toBeUndefined();
  });

  it('include an unreadable file of refused passwords', () => {
    expect(reportOf(`${ON}refused-passwords = "none.txt"\n`).problems).toEqual([
      'kapacitor.conf, line 5: [auth] refused-passwords: cannot read none.txt: there is no such file',
    ]);
    const path = join(temporaryFolder(), 'utf-16.txt');
    writeFileSync(path, Buffer.from('\ufeffpassword', 'utf16le'));
    expect(reportOf(ON, { KAPACITOR_AUTH_REFUSED_PASSWORDS: path }).problems).toEqual([
      `KAPACITOR_AUTH_REFUSED_PASSWORDS: [auth] refused-passwords: ${path} is not a text in UTF-8: save it as UTF-8`,
    ]);
  });

  it("include parameters of a store's URL, without its password", () => {
    expect(reportOf(`${ON}store = "postgres://user:hunter2@host/db?max=many"\n`).problems).toEqual([
      'kapacitor.conf, line 5: [auth] store: postgres://…?max= must be an integer from 1 to 9999',
    ]);
    expect(reportOf(ON, { KAPACITOR_AUTH_STORE: 'postgres://user:hunter2@host/db?shema=x' }).problems).toEqual([
      'KAPACITOR_AUTH_STORE: postgres://…?shema= is not known: did you mean schema?',
    ]);
  });
});

describe('the warnings in a report', () => {
  it('are those of the configuration', () => {
    expect(reportOf('', { KAPACITOR_AUTH_BCRYPT_COSTS: '4' }).warnings).toEqual([
      'the environment variable KAPACITOR_AUTH_BCRYPT_COSTS is not known: did you mean KAPACITOR_AUTH_BCRYPT_COST?',
      expect.stringMatching(/^authentication is off: /),
    ]);
  });

  const ADMIN = `${ON}admin-username = "root"\nminimum-password-length = 8\nadmin-password-file = `;

  it.each([
    ['there is none', undefined, 'cannot read secret: there is no such file'],
    ['it is empty', '', 'secret is empty: write the password in it'],
    ['it is too short', 'hunter2\n', 'secret: password must be at least 8 characters'],
    ['it is the name', 'root\n', 'secret: password must not be the username'],
    ['it has two', 'hunter2222\nhunter2222\n', /^secret: password must not contain control characters: write/],
  ])('include a password file with which no admin can be made: %s', (_, content, problem) => {
    const path = configFile(`${ADMIN}"secret"\n`);
    if (content !== undefined) writeFileSync(join(dirname(path), 'secret'), content);
    const { problems, warnings } = checkConfig(path, {});
    expect(problems).toEqual([]);
    expect(warnings).toHaveLength(1);
    const place = `${path}, line 7: [auth] admin-password-file: `;
    expect(warnings[0]?.startsWith(place)).toBe(true);
    const said = warnings[0]?.slice(place.length).replace(`${dirname(path)}/`, '');
    expect(said).toMatch(problem);
    expect(warnings.join()).not.toContain('hunter2');
  });

  it('include a password file that is a folder', () => {
    expect(reportOf(`${ADMIN}"."\n`).warnings).toEqual([
      expect.stringMatching(/: cannot read \S+: it is a folder: name the file in it$/),
    ]);
  });

  it('do not include a valid password file', () => {
    const path = join(temporaryFolder(), 'secret');
    writeFileSync(path, 'correct horse\n');
    expect(reportOf(`${ADMIN}"${path}"\n`).warnings).toEqual([]);
  });

  it('include a certificate and a key that a server could not read', () => {
    const folder = temporaryFolder();
    const key = join(folder, 'key');
    mkdirSync(key);
    const lines = `https-enabled = true\nhttps-certificate = "${folder}/none.pem"\n`;
    const certificate = `kapacitor.conf, line 5: [http] https-certificate: cannot read ${folder}/none.pem: there is no such file`;
    const http = (more: string) => `[auth]\nenabled = true\n[http]\n${lines}${more}auth-enabled = true\n`;
    expect(reportOf(http('')).warnings).toEqual([certificate]);
    expect(reportOf(http(`https-private-key = "${key}"\n`)).warnings).toEqual([
      certificate,
      `kapacitor.conf, line 6: [http] https-private-key: cannot read ${key}: it is a folder: name the file in it`,
    ]);
    expect(reportOf(http('').replace('https-enabled = true', 'https-enabled = false')).warnings).toEqual([]);
    const below = `${configFile('')}/x`;
    expect(reportOf(http('').replace(`${folder}/none.pem`, below)).warnings).toEqual([
      expect.stringMatching(/: cannot read \S+: ENOTDIR/),
    ]);
  });
});
