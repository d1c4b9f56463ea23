/**
 * Calls `require()`, which Node, Jest and bundlers treat alike, so that the page is in every bundle of the code that serves it.
 * The file is there after `npm run build`.
 */
module.exports = function pageAssets() {
  return require('../../page/dist/assets.json');
};
