/**
 * A page of the documentation with another text between its lines `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws Error if the page has no such lines
 */
export function withMarkedPart(page: string, name: string, text: string): string {
  const marked = new RegExp(`(<!-- ${name} -->\n)[^]*(<!-- /${name} -->)`);
  if (!marked.test(page)) throw new Error(`the page has no lines <!-- ${name} --> and <!-- /${name} -->`);
  return page.replace(marked, (_all, begin: string, end: string) => `${begin}\n${text.trim()}\n\n${end}`);
}
