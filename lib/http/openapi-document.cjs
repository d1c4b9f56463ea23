/**
 * Calls `require()`, which Node, Jest and bundlers treat alike, so that the document is in every bundle of the code that serves
 * it. The file is there after `npm run build`.
 */
module.exports = function openApiDocument() {
  return require('../../dist/openapi.json');
};
