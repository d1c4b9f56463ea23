import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../lib/config/config.js';
import { configFile, fromFile, problemsOf, refusalOf, reportOf } from './resolve.js';

const RULES = 'a section is written as  [http] , a setting as  auth-enabled = true , and a text in "quotes"';

describe('a file that is not TOML', () => {
  it.each([
    ["as Kapacitor's documentation misprints it", 'auth-enabled: true', 'auth-enabled = true'],
    ['with a comment', '  auth-enabled : false # for now', 'auth-enabled = false'],
    ['as Python has it', 'auth-enabled = True', 'auth-enabled = true'],
    ['as YAML has it', 'auth-enabled = yes', 'auth-enabled = true'],
    ['without =', 'auth-enabled true', 'auth-enabled = true'],
    ['without a value', 'auth-enabled =', 'auth-enabled = true'],
    ['with == ', 'auth-enabled == false', 'auth-enabled = false'],
    ['alone', 'auth-enabled', 'auth-enabled = true'],
    ['without quotes', 'cache-expiration = 1h', 'cache-expiration = "1h"'],
    ['with a colon', 'cache-expiration: 1h30m', 'cache-expiration = "1h30m"'],
    ['with a quote that does not end', 'cache-expiration = "1h', 'cache-expiration = "1h"'],
    ['with quotes of a word processor', 'cache-expiration = “1h”', 'cache-expiration = "1h"'],
    ['with a value that is none', 'cache-expiration = 1 hour', 'cache-expiration = "10m"'],
    ['with a zero before the number', 'bcrypt-cost = 012', 'bcrypt-cost = 12'],
    ['out of range', 'bcrypt-cost: 99', 'bcrypt-cost = 4'],
    ['with another duration', 'failure-window = 10m', 'failure-window = "10m"'],
    ['with another time', 'store-grace = 30s', 'store-grace = "30s"'],
    ['with another number', 'minimum-password-length: 12', 'minimum-password-length = 12'],
    ['with a file', 'refused-passwords = refused.txt', 'refused-passwords = "refused.txt"'],
    ['with an address', 'bind-address = :9092', 'bind-address = ":9092"'],
    ['with a path', 'data_dir = /var/lib/kapacitor', 'data_dir = "/var/lib/kapacitor"'],
    ['with a key in quotes', '"auth-enabled": true', 'auth-enabled = true'],
  ])('names file, line and key, and shows the right line: %s', (_, line, right) => {
    const key = right.split(' ')[0];
    expect(problemsOf(() => fromFile(`# one\n\n[any]\n${line}\nx = 1\n`))).toEqual([
      `kapacitor.conf, line 4: ${key}: this is not TOML: write  ${right}`,
    ]);
  });

  it.each([
    ['store = sqlite:./secret.db', 'store = "sqlite:./users/users.db"'],
    ['store: postgres://user:secret@host/db', 'store = "sqlite:./users/users.db"'],
    ['shared-secret = secret', 'shared-secret = "…"'],
  ])('shows an example instead of a value that may be a secret: %s', (line, right) => {
    const [problem] = problemsOf(() => fromFile(`[any]\n${line}\n`));
    expect(problem).toBe(`kapacitor.conf, line 2: ${right.split(' ')[0]}: this is not TOML: write  ${right}`);
  });

  it.each([
    ['a word without quotes', 'password = hunter2', 4, 'Unexpected character'],
    ['a quote that does not end', 'password = "hunter2', 4, 'Unterminated string'],
    ['an unknown escape', 'password = "hunter\\d2"', 4, 'Unknown escape character'],
    ['text behind the value', 'password = "a" hunter2', 4, 'Unexpected character'],
    ['a password alone', 'hunter2 %', 4, 'Invalid character'],
    ['no section', '{ "password": "hunter2" }', 4, 'Unknown character'],
    [
      'three quotes that do not end',
      'password = """hunter2',
      4,
      'the text in three quotes that begins here does not end',
    ],
  ])('names the line and repeats neither that line nor its neighbours: %s', (_, line, number, reason) => {
    const text = `[smtp]\nbefore = "hunter2"\n# hunter2\n${line}\nafter = "hunter2"\n`;
    const error = refusalOf(() => fromFile(text));
    expect(error.message).toMatch(/^\S+kapacitor\.conf, line /);
    expect(error.message.replace(/^.*(?=kapacitor\.conf)/, '')).toBe(
      `kapacitor.conf, line ${number}: this is not TOML (${reason}): ${RULES}`,
    );
    expect(error.cause).toBeUndefined();
    expect(error.stack).not.toContain('hunter2');
  });

  it.each([
    ['in the last line', 'password = "hunter2"\nx = 9999-99-99\n'],
    ['before others', 'password = "hunter2"\nx = 9999-99-99\n[smtp]\ny = [\n1,\n]\nz = """\n"""\n'],
  ])('names the line of a date that the calendar does not have: %s', (_, text) => {
    expect(problemsOf(() => fromFile(text))).toEqual([
      `kapacitor.conf, line 2: this is not TOML (Invalid Datetime): ${RULES}`,
    ]);
  });

  it.each(['/orders = ["hunter2"]', '"/orders": ["hunter2"]', "'/orders' : read", '/orders: [read]'])(
    'shows how a path and its privileges are written: %s',
    (line) => {
      expect(problemsOf(() => fromFile(`[permissions.clerk]\n${line}\n`))).toEqual([
        'kapacitor.conf, line 2: this is not TOML: a path and its privileges are written as  "/orders" = ["read", "write"]',
      ]);
    },
  );

  it.each([
    ['[permissions.constructor]\n"/polluted" = "all"\n', 'constructor'],
    ['constructor.prototype.polluted = true\n', 'constructor'],
    ['x.toString.y = true\n', 'toString'],
    ["['valueOf']\n", 'valueOf'],
  ])('has no section of a name that every object inherits, which the parser would write into: %j', (text, name) => {
    expect(problemsOf(() => fromFile(`# first\n${text}`))).toEqual([
      `kapacitor.conf, line 2: no section can be called ${name}: choose another name`,
    ]);
    expect(Object.keys(Object)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  it.each([
    ['a switch that is set twice', '[http]\nauth-enabled = true\nauth-enabled = false\n', 3, 'auth-enabled'],
    ['a section that is there twice', '[http]\nlog-enabled = true\n[http]\n', 3, 'this section or key'],
    ['another key', '[smtp]\npassword = "hunter2"\npassword = "hunter2"\n', 3, 'this section or key'],
  ])('says that one must be removed: %s', (_, text, line, what) => {
    expect(problemsOf(() => fromFile(text))).toEqual([
      `kapacitor.conf, line ${line}: ${what} is in the file already: keep one of the two`,
    ]);
  });

  it.each([
    ['a list', 'a = [\n1,\n2\n]\n'],
    ['a text in three quotes', 'a = """\n\nfoo = 1\n"""\n'],
  ])('names the first line of %s whose key is already in the file', (_, second) => {
    expect(problemsOf(() => fromFile(`[x]\na = 1\n${second}`))).toEqual([
      'kapacitor.conf, line 3: this section or key is in the file already: keep one of the two',
    ]);
  });

  it.each([
    ['before a section', '[influxdb]\nurls = [\n  "a",\n', '[http]\nauth-enabled = true\n'],
    ['before a key', '[influxdb]\nurls = [\n"a"\n', 'x = 1\ny = 2\n'],
    ['before one of our keys, which is right', '[http]\nurls = [\n"a",\n', 'auth-enabled = true\n'],
    ['at the end', '[influxdb]\nurls = [\n"a",\n', ''],
    ['after a text in three quotes', '[influxdb]\nx = """\na = [\n"""\nurls = [\n"a",\n', '[x]\n'],
    ['with a key that cannot be found', '"a\\"b" = [\n1,\n', '[x]\n'],
  ])('names the first line of a list that does not end: %s', (_, before, after) => {
    const line = Math.max(0, before.split('\n').lastIndexOf('urls = [')) + 1;
    expect(problemsOf(() => fromFile(before + after))).toEqual([
      `kapacitor.conf, line ${line}: this is not TOML (the list that begins here does not end): ${RULES}`,
    ]);
  });

  it('names the wrong line in a list that ends', () => {
    expect(problemsOf(() => fromFile('[influxdb]\nurls = [\n"a",\nb,\n"c"\n]\n'))).toEqual([
      `kapacitor.conf, line 4: this is not TOML (Unexpected character): ${RULES}`,
    ]);
  });

  it.each(['"""', "'''"])('names the first line of a text in three quotes that does not end: %s', (quotes) => {
    expect(problemsOf(() => fromFile(`[smtp]\na = 1\nx = ${quotes}\n[http]\nauth-enabled = true\n`))).toEqual([
      `kapacitor.conf, line 3: this is not TOML (the text in three quotes that begins here does not end): ${RULES}`,
    ]);
  });

  it('names the wrong line in such a text, even if it looks like a key', () => {
    expect(problemsOf(() => fromFile('[x]\na = """\nb = \\d\nfoo\n"""\n'))).toEqual([
      `kapacitor.conf, line 3: this is not TOML (Unknown escape character): ${RULES}`,
    ]);
  });

  it.each(['[http', '[ht tp]', '[]', '[http}', 'http]', 'http:', '<http>', '[http] x'])(
    'names the line of a malformed section: %s',
    (header) => {
      expect(problemsOf(() => fromFile(`[auth]\nenabled = true\n${header}\nauth-enabled = true\n`))).toEqual([
        expect.stringMatching(/^kapacitor\.conf, line 3: this is not TOML \(/),
      ]);
    },
  );

  it('is one problem: no setting of the file is known, and no consequence is reported', () => {
    const text = '[http]\nauth-enabled: true\nrealm = "x"\nrelm = "y"\n[auth]\nenabled = True\nbcrypt-cost = 3\n';
    const report = reportOf(text, { KAPACITOR_AUTH_FAILURE_LIMIT: '3' });
    expect(report).toEqual({
      problems: ['kapacitor.conf, line 2: auth-enabled: this is not TOML: write  auth-enabled = true'],
      warnings: [],
      settings: [{ section: 'auth', key: 'failure-limit', value: '3', from: 'KAPACITOR_AUTH_FAILURE_LIMIT' }],
    });
  });

  it('is one problem beside those of the environment and of code', () => {
    const path = configFile('auth-enabled: true\n[http]\n');
    const code = { auth: { bcryptCost: 3 } };
    expect(problemsOf(() => resolveConfig(path, code, { KAPACITOR_HTTP_AUTH_ENABLED: 'yes' }))).toEqual([
      'auth.bcryptCost: must be an integer from 4 to 20, not 3',
      'KAPACITOR_HTTP_AUTH_ENABLED: must be true or false, not "yes"',
      'kapacitor.conf, line 1: auth-enabled: this is not TOML: write  auth-enabled = true',
    ]);
  });

  it.each([
    ['Latin-1', Buffer.from('[http]\nrealm = "é"\n', 'latin1')],
    ['UTF-16, as PowerShell writes it', Buffer.from('\ufeff[http]\n', 'utf16le')],
  ])('is refused if it is not UTF-8: %s', (_, bytes) => {
    const path = configFile(bytes);
    expect(refusalOf(() => resolveConfig(path, {}, {})).message).toBe(
      `cannot read the config file ${path}: it is not a text in UTF-8: save it as UTF-8`,
    );
  });
});
