import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf, PAGES, ROOT } from './markdown.js';

const DOCUMENTS = [...PAGES, 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
/** Where the files of the package can be read: npm's page does not resolve relative links without a repository. */
const PACKAGE = 'https://unpkg.com/kapacitor-auth/';

/** npm packs the licence whatever is named. */
const packed: readonly string[] = ['LICENSE', ...JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).files];

/** Why a link of a document leads nowhere. */
function problemOf(link: string, from: string): string | undefined {
  if (from === 'README.md' && !/^(?:https:|#)/.test(link)) return `a link in README.md is absolute: ${PACKAGE}${link}`;
  const isOfPackage = link.startsWith(PACKAGE);
  if (/^https?:/.test(link) && !isOfPackage) return undefined;
  const [path = '', anchor] = link.slice(isOfPackage ? PACKAGE.length : 0).split('#');
  const target = path === '' ? from : normalize(isOfPackage ? path : join(dirname(from), path));
  if (!existsSync(join(ROOT, target))) return `there is no ${target}`;
  if (isOfPackage && !packed.some((one) => target === one || target.startsWith(`${one}/`))) return 'it is not packed';
  if (anchor === undefined || anchorsOf(target).has(decodeURIComponent(anchor))) return undefined;
  return `${target} has no heading #${anchor}`;
}

describe.each(DOCUMENTS)('%s', (document) => {
  it('has links that lead somewhere', () => {
    const broken = linksOf(document).map((link) => [link, problemOf(link, document)]);
    expect(Object.fromEntries(broken.filter(([, problem]) => problem !== undefined))).toEqual({});
  });
});
