import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

it.each(['docs/architecture.md', 'CONTRIBUTING.md'])('%s names files that exist', (page) => {
  const text = readFileSync(new URL(page, ROOT), 'utf8');
  const named = [...text.matchAll(/`((?:lib|spec|docs|examples)\/[\w./-]*)`/g)].map(([, path]) => path as string);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(fileURLToPath(new URL(path, ROOT))))).toEqual([]);
});
