const { dirname, relative } = require('node:path');
require('kapacitor-auth');

const folder = dirname(require.resolve('rate-limiter-flexible'));
const loaded = Object.keys(require.cache).map((file) => relative(folder, file));
console.log(loaded.filter((file) => !file.startsWith('..')).join('\n'));
