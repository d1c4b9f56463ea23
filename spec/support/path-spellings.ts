import { connect } from 'node:net';
import type { Express } from 'express';
import { basic } from './server.js';

/** Ways to write `/kapacitor/v1/config`, or something that a router could take for it. */
export const CONFIG_SPELLINGS: readonly string[] = [
  '/kapacitor/v1/config',
  '/kapacitor/v1/config/',
  '/kapacitor/v1/config//',
  '/kapacitor/v1/config/influxdb',
  '/kapacitor/v1/CONFIG',
  '/kapacitor/v1/Config',
  '/KAPACITOR/V1/config',
  '/kapacitor/v1/%63onfig',
  '/kapacitor/v1/%43ONFIG',
  '/kapacitor/v1/c%6Fnfig',
  '/kapacitor/v1/%2563onfig',
  '/kapacitor/v1/%252563onfig',
  '/%6bapacitor/v1/config',
  '/kapacitor/%76%31/config',
  '/kapacitor/v1%2Fconfig',
  '/kapacitor/v1%2fconfig',
  '/kapacitor/v1/config%2Finfluxdb',
  '/kapacitor%2Fv1%2Fconfig',
  '//kapacitor/v1/config',
  '/kapacitor//v1/config',
  '/kapacitor/v1//config',
  '/kapacitor/v1/./config',
  '/kapacitor/v1/%2e/config',
  '/kapacitor/v1/tasks/../config',
  '/kapacitor/v1/tasks/%2e%2e/config',
  '/kapacitor/v1/tasks/%2E%2E/config',
  '/kapacitor/v1/tasks/.%2e/config',
  '/kapacitor/v1/tasks%2F..%2Fconfig',
  '/kapacitor/v1/tasks/..%2Fconfig',
  '/kapacitor/v1/tasks/%252e%252e/config',
  '/kapacitor/v1/../config',
  '/kapacitor/v1/%2e%2e/config',
  '/kapacitor/v1/\\h/config',
  '/kapacitor/v1//h/config',
  '/kapacitor/v1/config/..',
  '/kapacitor/v1/config/../tasks',
  '/kapacitor/v1/config/%2e%2e',
  '/kapacitor/v1/config/.',
  '/kapacitor/v1/config;x',
  '/kapacitor/v1/config;x=1/influxdb',
  '/kapacitor/v1;x/config',
  '/kapacitor;a=b/v1;c/config',
  '/kapacitor/v1/config%3Bx',
  '/kapacitor/v1/config?x=1',
  '/kapacitor/v1/config%3Fx',
  '/kapacitor/v1/config#x',
  '/kapacitor/v1/config%23x',
  '/kapacitor/v1/config%00',
  '/kapacitor/v1/config%00.json',
  '/kapacitor/v1/config%20',
  '/kapacitor/v1/config%09',
  '/kapacitor/v1/con%0Afig',
  '/kapacitor\\v1\\config',
  '/kapacitor/v1\\config',
  '/kapacitor/v1%5Cconfig',
  '/kapacitor/v1/tasks\\..\\config',
  '/kapacitor/v1/%u0063onfig',
  '/kapacitor/v1/%25u0063onfig',
  '/kapacitor/v1/%u0025u0063onfig',
  '/kapacitor/v1/%u002563onfig',
  '/kapacitor/v1/%u00%36%33onfig',
  '/kapacitor/v1/%uFF23onfig',
  '/kapacitor/v1%u002fconfig',
  '/kapacitor%u002Fv1%u002Fconfig',
  '/kapacitor/v1/tasks%u002f%u002e%u002e%u002fconfig',
  '/kapacitor/v1/config%u003bx',
  '/kapacitor/v1/config%u0000',
  '/%u006bapacitor/v1/config',
  '/kapacitor/v1/%EF%BD%83onfig',
  '/kapacitor/v1/%EF%BC%A3ONFIG',
  '/kapacitor/v1/conf%C4%B1g',
  '/kapacitor/v1preview/config',
  'http://localhost/kapacitor/v1/config',
  'http://localhost:9092/kapacitor/v1/config',
  'HTTP://LOCALHOST/kapacitor/v1/CONFIG',
  'http://user@localhost/kapacitor/v1/%63onfig',
  'https://localhost//kapacitor/v1/config',
  'ftp://localhost/kapacitor/v1/config',
  'http://localhost%2Fkapacitor/v1/config',
  'http://localhost\\kapacitor\\v1\\config',
  'http://localhost\\@evil/kapacitor/v1/config',
  'http:///kapacitor/v1/config',
  '//localhost/kapacitor/v1/config',
  '///kapacitor/v1/config',
  '///h/kapacitor/v1/config',
  '/config',
  '/CONFIG',
  '/%63onfig',
];

/** The spellings of `config` above, and `secret` in the same way. A longer one comes before one that it contains. */
const RESPELLED: ReadonlyMap<string, string> = new Map([
  ['%u00%36%33onfig', '%u00%37%33ecret'],
  ['%u0025u0063onfig', '%u0025u0073ecret'],
  ['%u002563onfig', '%u002573ecret'],
  ['%25u0063onfig', '%25u0073ecret'],
  ['%u0063onfig', '%u0073ecret'],
  ['%uFF23onfig', '%uFF33ecret'],
  ['%252563onfig', '%252573ecret'],
  ['%2563onfig', '%2573ecret'],
  ['%63onfig', '%73ecret'],
  ['%43ONFIG', '%53ECRET'],
  ['c%6Fnfig', 's%65cret'],
  ['con%0Afig', 'sec%0Aret'],
  ['conf%C4%B1g', 'secret'],
  ['%EF%BD%83onfig', '%EF%BD%93ecret'],
  ['%EF%BC%A3ONFIG', '%EF%BC%B3ECRET'],
  ['CONFIG', 'SECRET'],
  ['Config', 'Secret'],
  ['config', 'secret'],
]);

/** The same ways to write `/kapacitor/v1/orders/secret`. */
export const SECRET_SPELLINGS: readonly string[] = CONFIG_SPELLINGS.map((path) => {
  const [config, secret] = [...RESPELLED].find(([word]) => path.includes(word)) as [string, string];
  return path.replace(config, `orders/${secret}`);
});

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'MKCOL', 'REPORT'];

/** The ways in which an app may use a parameter of its path. */
function isMeant(section: string, word: string): boolean {
  const legacy = unescape(section);
  const readings = [section, decode(section), decode(decode(section)), legacy, unescape(legacy)];
  return readings.some((reading) =>
    new RegExp(`^/*${word}(?![a-z])`, 'i').test(reading.normalize('NFKC').replace('ı', 'i')),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Adds every handler that could be one of the word's; each request that gets to one is kept in `reached`.
 *
 * @param below the path in the API, such as `/orders`
 */
export function addHandlers(app: Express, reached: string[], word = 'config', below = ''): void {
  const isWord = new RegExp(`^${below.replace('/', '/+')}/+${word}(?![a-z])`, 'i');
  const isWholeWord = new RegExp(`^/+kapacitor/+v1${below.replace('/', '/+')}/+${word}(?![a-z])`, 'i');
  app.use(`/kapacitor/v1${below}/${word}`, (req, res) => {
    reached.push(`use: ${req.method} ${req.originalUrl}`);
    res.sendStatus(200);
  });
  app.use(`${below}/${word}`, (req, res) => {
    reached.push(`use short: ${req.method} ${req.originalUrl}`);
    res.sendStatus(200);
  });
  app.all(`/kapacitor/v1${below}/:section`, (req, res) => {
    const { section } = req.params;
    if (isMeant(section as string, word)) reached.push(`section ${section}: ${req.method} ${req.originalUrl}`);
    res.sendStatus(200);
  });
  app.use('/kapacitor/v1', (req, _res, next) => {
    const { pathname } = new URL(req.url, 'http://localhost');
    if (isWord.test(pathname)) reached.push(`mounted ${pathname}: ${req.originalUrl}`);
    next();
  });
  // Routers of other kinds: by the URL standard, and by the decoded path.
  app.use((req, res) => {
    const { pathname } = new URL(req.originalUrl, 'http://localhost');
    const legacy = unescape(req.originalUrl);
    for (const path of [pathname, decode(pathname), decode(decode(pathname)), legacy, unescape(legacy)]) {
      if (isWholeWord.test(path)) reached.push(`fallback ${path}: ${req.originalUrl}`);
    }
    res.sendStatus(200);
  });
}

/** Sends a request line as it stands, which an HTTP client would not; resolves with the status. */
export function sendRaw(port: number, line: string, auth?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(Number(answer.split(' ')[1])));
    socket.on('error', reject);
    const credentials = auth === undefined ? '' : `Authorization: ${basic(auth)}\r\n`;
    socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\n${credentials}Connection: close\r\n\r\n`);
  });
}
