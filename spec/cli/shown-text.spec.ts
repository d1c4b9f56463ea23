import { describe, expect, it } from 'vitest';
import { asOneLine, visible, withoutSecrets } from '../../lib/cli/shown-text.js';

describe('what is shown on standard error', () => {
  it.each([
    ['http://root:secret@host:9092/x', 'http://root@host:9092/x'],
    ['cannot use http://root:se@cr/e:t@host', 'cannot use http://root@host'],
    ['postgres://app:secret@host/db?sslmode=require', 'postgres://app@host/db?sslmode=require'],
    ['postgres://host/db?password=secret&sslkey=secret', 'postgres://host/db?password=…&sslkey=…'],
    [`a row (stan, $2b$10$${'a'.repeat(53)})`, 'a row (stan, (a hash))'],
    [`"$2y$10$${'a'.repeat(20)}": cut off`, '"(a hash)": cut off'],
    ['http://NAME:PASSWORD@HOST:9092', 'http://NAME:PASSWORD@HOST:9092'],
    ['http://host:9092 is down', 'http://host:9092 is down'],
  ])('%s is shown as %s', (text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });

  it('is a line of ours, whatever somebody else says', () => {
    expect(asOneLine('no\r\nkapacitor-auth: enter your password:\u2028x ')).toBe(
      'no kapacitor-auth: enter your password: x',
    );
    expect(asOneLine('x'.repeat(5_000))).toHaveLength(1_001);
  });

  it('gives no orders to a terminal', () => {
    expect(visible('a\u001b[2Jb\u0007\u202e\u009b\nユーザー')).toBe('a\\u{1b}[2Jb\\u{7}\\u{202e}\\u{9b}\nユーザー');
  });
});
