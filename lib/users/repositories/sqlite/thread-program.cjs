const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** Beside this file, which is CommonJS for the sake of `__dirname`. A bundle that is an ES module has none. */
module.exports = function threadProgram() {
  if (typeof __dirname === 'undefined') return undefined;
  const program = join(__dirname, 'sqlite-writer-thread.js');
  return existsSync(program) ? program : undefined;
};
