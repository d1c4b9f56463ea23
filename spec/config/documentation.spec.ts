import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withSettings } from '../../lib/build/settings-table.js';
import { SETTINGS } from '../../lib/config/settings.js';

const PAGE = new URL('../../docs/configuration.md', import.meta.url);

describe('the table of settings in docs/configuration.md', () => {
  const page = readFileSync(PAGE, 'utf8');

  it('follows from the tables of settings in lib/config: run `npm run docs` after a change', () => {
    expect(page).toBe(withSettings(page));
  });

  it.each(SETTINGS.map(({ section, key, variables, property }) => ({ section, key, variables, property })))(
    'has a row for [$section] $key with its variables and its property',
    ({ section, key, variables, property }) => {
      const table = page.slice(page.indexOf('<!-- settings -->'), page.indexOf('<!-- /settings -->'));
      const row = table.split('\n').find((line) => line.startsWith(`| \`${key}\` |`)) ?? '';
      for (const name of [...variables, ...(property === undefined ? [] : [`${section}.${property}`])]) {
        expect(row).toContain(`\`${name}\``);
      }
    },
  );

  it('is replaced between its markers', () => {
    const other = withSettings('before\n<!-- settings -->\nPREVIOUS\n<!-- /settings -->\nafter\n');
    expect(other).toMatch(/^before\n<!-- settings -->\n\n### `\[http\]`\n/);
    expect(other).toMatch(/\n\n<!-- \/settings -->\nafter\n$/);
    expect(other).not.toContain('PREVIOUS');
  });

  it('is not written into a page without markers', () => {
    expect(() => withSettings('# Configuration\n')).toThrow('the page has no lines <!-- settings --> and');
  });
});
