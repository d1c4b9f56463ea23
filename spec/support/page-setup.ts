import { buildPage } from '../../lib/build/page.js';

/** Builds the page for users, which servers of the sources serve as well. */
export default async function setup(): Promise<void> {
  await buildPage();
}
