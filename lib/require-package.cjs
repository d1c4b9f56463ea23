/**
 * The one file that is CommonJS, for the sake of `require()`, which Node, Jest and bundlers understand alike.
 * Bundlers read the names here: each is written out. Inside of `try` a missing package does not fail their build.
 */
module.exports = function requirePackage(name) {
  try {
    switch (name) {
      case '@opentelemetry/api-logs':
        return { loaded: require('@opentelemetry/api-logs') };
      case 'better-sqlite3':
        return { loaded: require('better-sqlite3') };
      case 'pg':
        return { loaded: require('pg') };
      case 'prom-client':
        return { loaded: require('prom-client') };
    }
  } catch (error) {
    return { error };
  }
};
