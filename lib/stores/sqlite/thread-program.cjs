const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** The program is in `lib/shared`. The build may put this code there, into `lib`, or into a sibling such as `lib/cli`. */
const PLACES = ['.', 'shared', join('..', 'shared')];

/** This file is CommonJS because it needs `__dirname`, which a bundle that is an ES module does not have. */
module.exports = function threadProgram() {
  if (typeof __dirname === 'undefined') return undefined;
  const programs = PLACES.map((place) => join(__dirname, place, 'sqlite-writer-thread.js'));
  return programs.find((program) => existsSync(program));
};
