import { describe, expect, it } from 'vitest';
import { fromFile, problemsOf, reportOf, settingOf } from './resolve.js';

const RULES = 'a section is written as  [http] , a setting as  auth-enabled = true , and a text in "quotes"';
const ON = '[http]\nauth-enabled = true\n[auth]\nenabled = true\n';

/** `line 3: realm` for each problem: where it is, and what it is about. */
function placesOf(content: string): string[] {
  const { problems } = reportOf(content);
  return problems.map((problem) => /^kapacitor\.conf, (line \d+: .*?)(?: is |: | \(|$)/.exec(problem)?.[1] ?? problem);
}

describe('a file with several lines that are not TOML', () => {
  it('is told of all of them, and of what is wrong with the other settings', () => {
    const text =
      '[http]\nauth-enabled: true\n[auth]\nenabled = True\nbcrypt-cost = 012\ncache-expiration = "x"\n[htttp]\n';
    expect(problemsOf(() => fromFile(text))).toEqual([
      'kapacitor.conf, line 2: auth-enabled: this is not TOML: write  auth-enabled = true',
      'kapacitor.conf, line 4: enabled: this is not TOML: write  enabled = true',
      'kapacitor.conf, line 5: bcrypt-cost: this is not TOML: write  bcrypt-cost = 12',
      'kapacitor.conf, line 6: [auth] cache-expiration: must be a duration such as "10m", "1h30m", "500ms" or "0", not "x"',
      'kapacitor.conf, line 7: [htttp]: this section is not known: did you mean [http]?',
    ]);
  });

  it('is not told of what only follows from them', () => {
    // Without the broken line there would be no users.
    expect(problemsOf(() => fromFile('[http]\nauth-enabled = true\n[auth]\nenabled: true\n'))).toHaveLength(1);
    expect(problemsOf(() => fromFile('http.auth-enabled = true\nauth = { enabled: true }\n'))).toHaveLength(1);
    expect(problemsOf(() => fromFile('[http]\nauth-enabled = true\n[auth]\nenable = true\n'))).toHaveLength(1);
    expect(problemsOf(() => fromFile('[http]\nauth-enabled = true\n[auth]\nenabled = "true"\n'))).toHaveLength(1);
    expect(problemsOf(() => fromFile('[http]\nauth-enabled = true\n[Auth]\nenabled = true\n'))).toHaveLength(1);
    expect(problemsOf(() => fromFile('enabled = true\n[http]\nauth-enabled = true\n'))).toHaveLength(1);
    expect(reportOf('[http]\nauth-enabled: true\n[auth]\nenabled = true\n').warnings).toEqual([]);
  });

  it('is told of what follows from the rest', () => {
    const problems = problemsOf(() => fromFile('[http]\nauth-enabled = true\n[smtp]\nenabled: true\n'));
    expect(problems).toHaveLength(2);
    expect(problems[1]).toMatch(/^authentication is on \(\[http\] auth-enabled\) while there are no users/);
  });

  it('has the right line numbers behind them', () => {
    expect(placesOf('x y\n[auth\n\n[http]\nrealm = 3\nz z\n[auth]\nbcrypt-cost = 3\nenabled = true\n')).toEqual([
      'line 1: this',
      'line 2: this',
      'line 6: this',
      'line 5: [http] realm',
      'line 8: [auth] bcrypt-cost',
    ]);
  });

  it('is told of 20, and that there are more: it may be no TOML at all', () => {
    const problems = problemsOf(() => fromFile(`${ON}${'no toml\n'.repeat(500)}`));
    expect(problems).toHaveLength(21);
    expect(problems[19]).toBe(`kapacitor.conf, line 24: this is not TOML (Invalid character): ${RULES}`);
    expect(problems[20]).toBe(
      'kapacitor.conf, line 25: this is not TOML either, and perhaps what follows is not: correct the others first',
    );
  });

  it('is told of 20 also when the next is in a list that does not end', () => {
    const problems = problemsOf(() => fromFile(`[x]\n${'no toml\n'.repeat(20)}y = [\n${'no toml\n'.repeat(500)}`));
    expect(problems).toHaveLength(21);
  });

  it('repeats nothing of them', () => {
    const text = `[smtp]\npassword = hunter2\n'hunter2\nx = "\\d hunter2"\nurls = [\n"hunter2",\n[http]\npassword: """hunter2\n`;
    expect(JSON.stringify(reportOf(text))).not.toContain('hunter2');
  });
});

describe('a section whose header is not TOML', () => {
  it.each(['[http', '[htpp', '[ht tp]', '[]', '[http}', 'http]', 'http:', '<http>', '[http] x'])(
    'takes nothing from the section before it, and its settings are not known: %s',
    (header) => {
      const report = reportOf(`[auth]\nenabled = true\n${header}\nauth-enabled = true\nrealm = "x"\nport = 80\n`);
      expect(report.problems).toEqual([expect.stringMatching(/^kapacitor\.conf, line 3: this is not TOML /)]);
      expect(report.warnings).toEqual([]);
      expect(settingOf(report, 'auth-enabled')).toBeUndefined();
      expect(settingOf(report, 'realm')).toBeUndefined();
      expect(settingOf(report, 'enabled')).toEqual({ value: 'true', from: 'kapacitor.conf, line 2' });
      expect(settingOf(report, 'query-credentials')).toEqual({ value: 'false', from: 'default' });
    },
  );

  it('is told of its other lines that are not TOML', () => {
    expect(placesOf('[http\nauth-enabled: true\nrealm = "x"\n[auth]\nenabled: true\n')).toEqual([
      'line 1: this',
      'line 2: auth-enabled',
      'line 5: enabled',
    ]);
  });

  it('may have been one of several: that the next one is another kind then is no problem', () => {
    const text = `${ON}[[influxdb]\nname = "a"\n[influxdb.subscriptions]\nx = 1\n[[influxdb]]\nname = "b"\n`;
    expect(placesOf(text)).toEqual(['line 5: this']);
  });

  it('that is there already makes nothing known of what follows it', () => {
    const text = `${ON}[http]\nauth-enabled = false\nrealm = "x"\n[smtp]\na = 1\na = 2\n[http]\n[auth]\n`;
    expect(placesOf(text)).toEqual([
      'line 5: this section or key stands in the file already',
      'line 10: this section or key stands in the file already',
      'line 11: this section or key stands in the file already',
      'line 12: this section or key stands in the file already',
    ]);
    expect(settingOf(reportOf(text), 'auth-enabled')).toBeUndefined();
  });
});

describe('a list that does not end', () => {
  const REASON = `this is not TOML (the list that begins here does not end): ${RULES}`;

  it.each([
    ['before a section', '[influxdb]\nurls = [\n  "a",\n', '[http]\nauth-enabled = true\n[auth]\nenabled = true\n'],
    ['before a key', `${ON}[influxdb]\nurls = [\n"a",\n`, 'x = 1\ny = 2\n'],
    ['at the end', `${ON}[influxdb]\nurls = [\n"a",\n`, ''],
    ['after a text in three quotes', `${ON}[influxdb]\nx = """\na = [\n"""\nurls = [\n"a",\n`, '[x]\n'],
  ])('is one problem, and what follows is read: %s', (_, before, after) => {
    const report = reportOf(before + after);
    const line = before.split('\n').lastIndexOf('urls = [') + 1;
    expect(report.problems).toEqual([`kapacitor.conf, line ${line}: ${REASON}`]);
    expect(settingOf(report, 'auth-enabled')?.value).toBe('true');
    expect(settingOf(report, 'enabled')?.value).toBe('true');
  });

  it('is told from one with a line in it that is wrong', () => {
    expect(placesOf(`${ON}[influxdb]\nurls = [\n"a",\nb,\n"c"\n]\nx = y\n`)).toEqual(['line 8: this', 'line 11: this']);
  });

  it('is one problem also where its key cannot be made out', () => {
    expect(placesOf('"a\\"b" = [\n1,\n[x]\n')).toHaveLength(1);
  });
});

describe('a text in three quotes that does not end', () => {
  it('is one problem, with the line where it begins, and what it may have swallowed is not known', () => {
    const report = reportOf(`[auth]\nenabled = true\n[smtp]\nx = """\n[http]\nauth-enabled = true\nfoo bar\n`);
    expect(report.problems).toEqual([
      `kapacitor.conf, line 4: this is not TOML (the text in three quotes that begins here does not end): ${RULES}`,
    ]);
    expect(report.warnings).toEqual([]);
    expect(settingOf(report, 'auth-enabled')).toBeUndefined();
    expect(settingOf(report, 'enabled')?.value).toBe('true');
  });

  it.each(['"""', "'''"])('is one problem when another one ends it: %s', (quotes) => {
    const others = `y = ${quotes}\nfoo bar\nbaz\n${quotes}\n`.repeat(20);
    expect(problemsOf(() => fromFile(`${ON}[smtp]\nx = ${quotes}\nfoo\n${others}`))).toEqual([
      `kapacitor.conf, line 9: this is not TOML (Invalid character): ${RULES}; ` +
        'or a text in three quotes does not end where it should: see line 6',
    ]);
  });

  it('does not hide what stands before it', () => {
    expect(placesOf(`no toml\n[auth]\nbcrypt-cost = 3\nenabled = true\nx = """\nnor this\n`)).toEqual([
      'line 1: this',
      'line 5: this',
      'line 3: [auth] bcrypt-cost',
    ]);
  });
});

describe('a text in three quotes', () => {
  it('is left out as a whole when a line of it is wrong', () => {
    expect(placesOf(`${ON}[x]\na = """\n\\d\nfoo bar\n"""\nb c\n`)).toEqual(['line 7: this', 'line 10: this']);
  });

  it('is left out as a whole when its key is there already, and so is a list', () => {
    expect(placesOf(`${ON}[x]\na = 1\na = """\n\nfoo\n"""\nb c\na = [\n1,\n2\n]\n`)).toEqual([
      'line 7: this section or key stands in the file already',
      'line 11: this',
      'line 12: this section or key stands in the file already',
    ]);
  });
});
