import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lexer, type Token, type Tokens, walkTokens } from 'marked';

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** The pages whose commands and programs are run. */
export const PAGES: readonly string[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The name in a first line such as `// app.mjs` or `# kapacitor.conf`. */
  readonly file: string | undefined;
  /** Nothing but empty lines stands between this block and the block before it. */
  readonly isAdjacent: boolean;
}

/** The blocks of a page, in order, also those in lists. */
export function blocksOf(page: string): Block[] {
  const leaves = flatten(lexer(contentOf(page)));
  return leaves.flatMap((token, at) => {
    if (token.type !== 'code') return [];
    const { lang = '', text } = token as Tokens.Code;
    const file = /^(?:\/\/|#) ([\w.-]+\.\w+)$/m.exec(text.split('\n', 1)[0] as string)?.[1];
    return [{ language: lang, text, file, isAdjacent: leaves[at - 1]?.type === 'code' }];
  });
}

/** Where the links of a page lead. */
export function linksOf(page: string): string[] {
  const links: string[] = [];
  walkTokens(lexer(contentOf(page)), (token) => {
    if (token.type === 'link') links.push((token as Tokens.Link).href);
  });
  return links;
}

/** The anchors of a page's headings, as GitHub and npm make them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  walkTokens(lexer(contentOf(page)), (token) => {
    if (token.type !== 'heading') return;
    const words = plainText((token as Tokens.Heading).tokens).toLowerCase();
    const anchor = words.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`;
    anchors.add(unique);
  });
  return anchors;
}

function contentOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

function flatten(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token) => {
    if (token.type === 'space') return [];
    if (token.type === 'list') return flatten((token as Tokens.List).items);
    if (token.type === 'list_item' || token.type === 'blockquote') return flatten(token.tokens ?? []);
    return [token];
  });
}

function plainText(tokens: readonly Token[]): string {
  return tokens.map((token) => ('tokens' in token && token.tokens ? plainText(token.tokens) : textOf(token))).join('');
}

/** The `text` of a plain token is HTML: an apostrophe is `&#39;` there. */
function textOf(token: Token): string {
  return 'text' in token && token.type !== 'text' ? token.text : token.raw;
}
