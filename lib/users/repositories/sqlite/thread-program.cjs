const { existsSync } = require('node:fs');
const { join } = require('node:path');

/** From the folder of this code, which the build puts into one of the package's files: the program is in `lib/shared`. */
const PLACES = ['.', 'shared', '../shared'];

/** This file is CommonJS for the sake of `__dirname`. A bundle that is an ES module has none. */
module.exports = function threadProgram() {
  if (typeof __dirname === 'undefined') return undefined;
  const programs = PLACES.map((place) => join(__dirname, place, 'sqlite-writer-thread.js'));
  return programs.find((program) => existsSync(program));
};
