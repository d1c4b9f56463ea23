/**
 * The one file that is CommonJS, for the sake of `require()`, which Node, Jest and bundlers understand alike.
 * Bundlers read the names here: each is written out. Inside of `try` a missing package does not fail their build.
 */
module.exports = function requirePackage(name) {
  try {
    switch (name) {
      case '@opentelemetry/api-logs':
        return { loaded: require('@opentelemetry/api-logs') };
      case 'better-sqlite3': {
        const Database = require('better-sqlite3');
        // Its native part is loaded with the first database, and may be missing or another runtime's.
        new Database(':memory:').close();
        return { loaded: Database };
      }
      case 'pg':
        return { loaded: require('pg') };
      case 'prom-client':
        return { loaded: require('prom-client') };
    }
  } catch (error) {
    return { error };
  }
};
