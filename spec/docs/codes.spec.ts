import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../lib/cli/cli-error.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/errors.md');

/** The members of the union types of codes: types are gone when the specs run. */
function codesIn(source: string): string[] {
  return [...read(source).matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code as string);
}

/** The headings of a section that are a code, in the order of the page. */
function headingsBelow(section: string): string[] {
  const [, text = ''] = page.split(`\n## ${section}\n`);
  return [...(text.split('\n## ')[0] as string).matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code as string);
}

describe('docs/errors.md', () => {
  it('has a heading for each code of an error', () => {
    const codes = codesIn('lib/errors.ts');
    expect(codes).toContain('CONFIG_INVALID');
    expect(headingsBelow('Errors')).toEqual(codes);
  });

  it('has a heading for each code of a warning', () => {
    const codes = codesIn('lib/warnings.ts');
    expect(codes).toContain('KAPACITOR_AUTH_CONFIG');
    expect(headingsBelow('Warnings')).toEqual(codes);
  });

  it('has a row for each exit code of the command line', () => {
    const [, text = ''] = page.split('\n## Exit codes\n');
    expect([...text.matchAll(/^\| (\d+) /gm)].map(([, code]) => Number(code))).toEqual(Object.values(EXIT));
  });
});
