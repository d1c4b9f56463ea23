import { InvalidArgumentError } from 'commander';

/**
 * Parses the address of an upstream. A path or credentials would have no effect.
 *
 * @throws {InvalidArgumentError} does not repeat the URL, which may have a password
 */
export function parseUpstream(text: string): string {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new InvalidArgumentError('It must be a URL, such as http://localhost:9093.');
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError('The upstream needs no credentials: leave out the name and the password.');
  }
  if (url.protocol === 'https:') {
    throw new InvalidArgumentError('The upstream is reached with http://, on this machine or in a network of its own.');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    throw new InvalidArgumentError(`Paths are passed on as they are: leave out the path, as in ${url.origin}.`);
  }
  return url.origin;
}
