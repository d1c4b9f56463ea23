import { DEFAULT_API_PATH } from '../authorization/own-endpoints.js';
import {
  apiPathKind,
  bindAddressKind,
  hostsKind,
  publicKind,
  realmKind,
  refusalsKind,
  sharedSecretKind,
} from './http-kinds.js';
import { booleanKind, fileKind, textKind } from './kinds.js';
import type { ResolvedConfig } from './options.js';
import { sessionsKind } from './sessions-kind.js';
import { defineSettings, type Settings } from './setting.js';

/** The values of `[http]`: most go into the configuration as they are. */
interface HttpValues extends Omit<ResolvedConfig['http'], 'https'> {
  readonly httpsEnabled: boolean;
  readonly httpsCertificate: string;
  /** Empty: the certificate's file has it. */
  readonly httpsPrivateKey: string;
  readonly sharedSecret: string | undefined;
  readonly sharedSecretFile: string | undefined;
}

export const HTTP: Settings<HttpValues> = defineSettings<HttpValues>('http', {
  authEnabled: {
    kind: booleanKind,
    default: ({ hasFile }) => !hasFile,
    mattersWithoutUsers: true,
    synonyms: 'auth authentication authentication-enabled basic-auth basic-auth-enabled require-auth auth-required',
    meaning: 'Whether a request needs credentials. While `false`, every request runs as the admin `ADMIN_USER`.',
  },
  queryCredentials: {
    kind: booleanKind,
    default: false,
    meaning: 'Whether `?u=NAME&p=PASSWORD` is accepted as well. Credentials in a URL end up in logs.',
  },
  realm: {
    kind: realmKind,
    default: 'Kapacitor',
    synonyms: 'auth-realm basic-realm basic-auth-realm',
    meaning: "The name in a browser's login dialog.",
  },
  allowedHosts: {
    kind: hostsKind,
    default: undefined,
    defaultText: 'every host',
    mattersWithoutUsers: true,
    synonyms: 'hosts allowed-hostnames allowed-host-names trusted-hosts',
    meaning:
      'The hosts that requests may ask for: a list, separated by commas in the environment. Others get 421: see [DNS rebinding](security.md#dns-rebinding).',
  },
  public: {
    kind: publicKind,
    default: [],
    defaultText: 'none',
    synonyms: 'public-paths open unprotected exclude except skip whitelist allowlist',
    meaning:
      'The paths that need no credentials, with everything below each: a list such as `["/health", "GET /status"]`. See [Public paths](permissions.md#public-paths).',
  },
  refusals: {
    kind: refusalsKind,
    default: 'answer',
    synonyms: 'on-refusal errors error-handling',
    meaning:
      "The answer to refused requests (401, 403, 429 and 503): `answer` sends Kapacitor's bodies, and `next` passes the error to the app's error handler. See [Answers of the app's own](errors.md#answers-of-the-apps-own).",
  },
  apiPath: {
    kind: apiPathKind,
    default: DEFAULT_API_PATH,
    synonyms: 'api-prefix prefix base-path api-base',
    meaning:
      'The path of the users API and of the other endpoints of this package; `/` for the root. Resources leave it out.',
  },
  sessions: {
    kind: sessionsKind,
    default: false,
    synonyms: 'session cookies cookie login-page sign-in sign-in-page form-login',
    meaning:
      'Whether a browser signs in on a page and gets a cookie: `true`, or a table such as `{ lifetime = "12h", idle = "1h" }`. In the environment `true` or `false`. See [Sessions](sessions.md).',
  },
  usersPage: {
    kind: booleanKind,
    default: false,
    synonyms: 'admin-page users-ui admin-ui user-page user-management ui page',
    meaning:
      'Whether there is a page for the people who manage users, at `admin` below the path of the API. It switches `sessions` on.',
  },
  bindAddress: {
    kind: bindAddressKind,
    default: { host: undefined, port: 9092 },
    property: false,
    mattersWithoutUsers: true,
    synonyms: 'bind port host address listen listen-address',
    meaning: "For the app's own server: `auth.config.http.bindAddress`. The middleware does not listen.",
  },
  httpsEnabled: {
    kind: booleanKind,
    default: false,
    property: false,
    mattersWithoutUsers: true,
    synonyms: 'https tls ssl tls-enabled ssl-enabled',
    meaning: "For the app's own server: `auth.config.http.https`, which is undefined while this is `false`.",
  },
  httpsCertificate: {
    kind: textKind,
    default: '/etc/ssl/kapacitor.pem',
    property: false,
    mattersWithoutUsers: true,
    uselessWhen: 'https-is-off',
    synonyms: 'https-cert certificate cert tls-certificate tls-cert ssl-certificate ssl-cert',
    meaning: 'The file with the certificate, as PEM.',
  },
  httpsPrivateKey: {
    kind: textKind,
    default: '',
    defaultText: "the certificate's file",
    property: false,
    mattersWithoutUsers: true,
    uselessWhen: 'https-is-off',
    synonyms: 'https-key private-key key tls-private-key tls-key ssl-key',
    meaning: 'The file with the private key, as PEM.',
  },
  sharedSecret: {
    kind: sharedSecretKind,
    default: undefined,
    isSecret: true,
    refusesEmptyVariable: true,
    synonyms: 'secret http-shared-secret jwt-secret jwt-shared-secret token-secret',
    meaning:
      'The secret of [JSON Web Tokens](tokens.md), at least 32 bytes. Without one, or with an empty one in the file, no token is accepted.',
  },
  sharedSecretFile: {
    kind: fileKind,
    default: undefined,
    synonyms: 'secret-file jwt-secret-file token-secret-file',
    meaning: 'Instead of a secret: a file that contains it and nothing else.',
  },
});
