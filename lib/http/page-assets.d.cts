/**
 * The files of the page for the people who manage users, by name: `page.js`, `page.css` and `icon.svg`.
 *
 * @throws the page has not been built
 */
declare function pageAssets(): Readonly<Record<string, string>>;

export = pageAssets;
