import { kapacitorAuth } from 'kapacitor-auth';
import { describe, expect, it } from 'vitest';
import { configFile, fromFile, problemsOf, reportOf, settingOf } from './resolve.js';

/** Lines of other sections, before and behind. */
const BEFORE = 'hostname = "node"\ndata_dir = "/var/lib/kapacitor"\nskip-config-overrides = false\n';
const BEHIND =
  '[storage]\n  boltdb = "/var/lib/kapacitor/kapacitor.db"\n[[influxdb]]\n  username = ""\n  password = ""\n';

/** The forms of the files that are in use, each with an `[auth]` section. */
const SHAPES = {
  'the one that Kapacitor installs, with an example of a meta server': `${BEFORE}
[auth]
  # …
  enabled = false
  cache-expiration = "10m"
  bcrypt-cost = 10
  meta-addr = "192.0.2.1:8091"
  meta-use-tls = false
  # meta-username = "name"
  meta-ca = "/etc/kapacitor/ca.pem"
  meta-cert = "/etc/kapacitor/cert.pem"
  meta-key = "/etc/kapacitor/key.pem"
  meta-insecure-skip-verify = false

[http]
  bind-address = ":9092"
  auth-enabled = false
  log-enabled = true
  write-tracing = false
  pprof-enabled = false
  https-enabled = false
  https-certificate = "/etc/ssl/kapacitor.pem"
  ### https-private-key = ""
${BEHIND}`,
  'what kapacitord config prints: every key, with the zero of its type': `${BEFORE}
[http]
  bind-address = ":9092"
  auth-enabled = false
  log-enabled = true
  write-tracing = false
  pprof-enabled = false
  https-enabled = false
  https-certificate = "/etc/ssl/kapacitor.pem"
  https-private-key = ""
  shutdown-timeout = "10s"
  shared-secret = ""
${BEHIND}
[auth]
  enabled = false
  cache-expiration = "0s"
  bcrypt-cost = 0
  meta-addr = ""
  meta-username = ""
  meta-password = ""
  meta-internal-shared-secret = ""
  meta-use-tls = false
  meta-ca = ""
  meta-cert = ""
  meta-key = ""
  meta-insecure-skip-verify = false
[tls]
  min-version = ""
`,
  'one of a cluster, with a meta server and a password for it': `${BEFORE}
[http]
  auth-enabled = false
  shared-secret = "hunter2"
[auth]
  enabled = false
  meta-addr = "meta:8091"
  meta-username = "kapacitor"
  meta-password = "hunter2"
  meta-internal-shared-secret = "hunter2"
  meta-use-tls = true
  meta-insecure-skip-verify = true
${BEHIND}`,
  'one of a template, without enabled and with numbers in quotes': `${BEFORE}
[auth]
  cache-expiration = ""
  bcrypt-cost = "10"
  meta-addr = "meta:8091"
[http]
  bind-address = "0.0.0.0:9092"
${BEHIND}`,
} as const;

/** The keys for which a shape is refused with users. */
const IN_THE_WAY: Record<keyof typeof SHAPES, readonly string[]> = {
  'the one that Kapacitor installs, with an example of a meta server': ['meta-addr, meta-ca, meta-cert, meta-key'],
  'what kapacitord config prints: every key, with the zero of its type': ['bcrypt-cost'],
  'one of a cluster, with a meta server and a password for it': [
    'meta-addr, meta-username, meta-password, meta-internal-shared-secret, meta-use-tls, meta-insecure-skip-verify',
  ],
  'one of a template, without enabled and with numbers in quotes': ['cache-expiration', 'bcrypt-cost', 'meta-addr'],
};

const keyOf = (text: string) => /line \d+: \[auth\] (.*?): /.exec(text)?.[1];

describe.each(Object.keys(SHAPES) as (keyof typeof SHAPES)[])('a real kapacitor.conf: %s', (name) => {
  const shape = SHAPES[name];

  it('starts, with warnings about lines that would be errors with users', () => {
    const { config, warnings } = fromFile(shape);
    expect(config).toMatchObject({ http: { authEnabled: false }, auth: { enabled: false, bcryptCost: 10 } });
    expect(warnings.filter((warning) => warning.includes('(ignored: [auth] enabled is false)')).map(keyOf)).toEqual(
      IN_THE_WAY[name],
    );
    expect(warnings.join()).not.toContain('hunter2');
  });

  it('starts as an app, which is closed again', async () => {
    const auth = kapacitorAuth(configFile(shape));
    await auth.ready;
    expect(auth.authEnabled).toBe(false);
    await auth.close();
  });

  it('is refused with users because of those lines, and for no other reason', () => {
    const problems = problemsOf(() => fromFile(shape, { KAPACITOR_AUTH_ENABLED: 'true' }));
    expect(problems.map(keyOf)).toEqual(IN_THE_WAY[name]);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('is refused with authentication on, because of those lines and the missing users', () => {
    const problems = problemsOf(() => fromFile(shape, { KAPACITOR_HTTP_AUTH_ENABLED: 'true' }));
    expect(problems.map(keyOf).filter((key) => key !== undefined)).toEqual(IN_THE_WAY[name]);
    expect(problems.filter((problem) => problem.startsWith('authentication is on '))).toHaveLength(1);
  });

  it('has no problems in check-config, which shows the same warnings and the value of each setting', () => {
    const report = reportOf(shape);
    expect(report.problems).toEqual([]);
    expect(report.warnings.filter((warning) => warning.includes('(ignored: ')).map(keyOf)).toEqual(IN_THE_WAY[name]);
    expect(settingOf(report, 'bcrypt-cost')?.value).toBe('10');
    expect(settingOf(report, 'enabled')?.value).toBe('false');
  });
});

describe('a misspelt key in a file without users', () => {
  it.each([
    ['[auth]\nenabled = false\nbcrypt_cost = 10\n', 'bcrypt_cost: this key is not known: did you mean bcrypt-cost?'],
    ['[auth]\nenable = true\nbcrypt-cost = 10\n', 'enable: this key is not known: did you mean enabled?'],
  ])('is refused all the same: %j', (text, problem) => {
    expect(problemsOf(() => fromFile(text))).toEqual([expect.stringContaining(problem)]);
  });
});
