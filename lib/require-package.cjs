/**
 * Calls `require()`, which Node, Jest and bundlers treat alike. This is the only CommonJS file for that reason. Bundlers
 * read the names, so each is written out. Inside `try` a missing package does not fail their build.
 */
module.exports = function requirePackage(name) {
  try {
    switch (name) {
      case '@opentelemetry/api-logs':
        return { loaded: require('@opentelemetry/api-logs') };
      case 'better-sqlite3': {
        const Database = require('better-sqlite3');
        // The native part is loaded with the first database. It may be missing, or built for another runtime.
        new Database(':memory:').close();
        return { loaded: Database };
      }
      case 'http-proxy-middleware':
        return { loaded: require('http-proxy-middleware') };
      case 'pg':
        return { loaded: require('pg') };
      case 'prom-client':
        return { loaded: require('prom-client') };
    }
  } catch (error) {
    return { error };
  }
};
