import { METHODS } from 'node:http';
import { didYouMean, inWords, suggest } from '../argument-checks.js';
import { namedPathProblem, resourcesNamed } from '../authorization/named-path.js';
import { OwnEndpoints } from '../authorization/own-endpoints.js';
import { API, isWithin, type PathReader, USERS } from '../authorization/paths.js';
import { METHOD_TOKEN } from '../authorization/privileges.js';
import { parsePublicEntry } from '../authorization/public-paths.js';
import { describeValue } from '../safe-text.js';
import { HTTP } from './http-settings.js';
import type { Choice, Layer } from './layers.js';
import type { ResolvedConfig } from './options.js';

/** Words for every method, which an entry without a method stands for. */
const EVERY_METHOD: readonly string[] = ['*', 'ALL', 'ANY'];

/** Checks `public` in all layers. */
export function checkPublicEntries(layers: readonly Layer[], paths: PathReader): void {
  for (const layer of layers) {
    for (const entry of layer.get(HTTP.public) ?? []) {
      const problem = entryProblem(entry, paths);
      if (problem !== undefined) layer.refuse(HTTP.public, `${layer.placeOf(HTTP.public)?.subject}: ${problem}`);
    }
  }
}

/** Warnings about entries that are allowed, and that may not be meant. */
export function publicWarnings(
  { public: entries, apiPath }: ResolvedConfig['http'],
  choice: Choice,
  paths: PathReader,
): string[] {
  const subject = choice.placeOf(HTTP.public)?.subject;
  const endpoints = new OwnEndpoints(apiPath);
  return entries.map(parsePublicEntry).flatMap(({ method, path }) => {
    const shown = describeValue(path);
    const resources = resourcesNamed(path, paths);
    if (resources.includes(API)) {
      const which = method === undefined ? 'no request needs' : `no request with the method ${method} needs`;
      return [`${subject}: ${shown} contains every path: ${which} credentials`];
    }
    if (resources.some((resource) => isWithin(resource, USERS))) {
      return [`${subject}: ${shown} needs credentials all the same: the users are there, and are never public`];
    }
    // The endpoint has the same resource as the app's own path: `/me`.
    const own = apiPath + resources[0]?.slice(API.length);
    if (endpoints.at(own) === undefined) return [];
    return [`${subject}: ${own} needs credentials all the same: the endpoints of this package are never public`];
  });
}

const METHOD_AND_PATH = /^\s*([^\s/:]+)\s+(\S.*?)\s*$/s;

/** Method and path of `/status GET`. */
function turnedRound(entry: string): readonly [string, string, string] | undefined {
  const [, path = '', word = ''] = /^(\/\S*)\s+([a-z]+)\s*$/i.exec(entry) ?? [];
  return METHODS.includes(word.toUpperCase()) ? [entry, word, path] : undefined;
}

/** The problem of an entry, and what to write instead. */
function entryProblem(entry: string, paths: PathReader): string | undefined {
  const shown = describeValue(entry);
  const [, word, path] = METHOD_AND_PATH.exec(entry) ?? turnedRound(entry) ?? [];
  if (word === undefined || path === undefined) return namedPathProblem(entry, paths);
  const method = word.toUpperCase();
  if (EVERY_METHOD.includes(method)) {
    return `${shown}: a path without a method is public for every method${didYouMean(describeValue(path))}`;
  }
  const several = method.split(/[^A-Z-]+/).filter(Boolean);
  if (several.length > 1 && several.every((each) => METHODS.includes(each))) {
    return `${shown}: an entry has one method: write ${inWords(several.map((each) => describeValue(`${each} ${path}`)))}`;
  }
  const meant = METHODS.includes(method) ? method : suggest(method, METHODS);
  if (meant !== undefined && meant !== method) {
    return `${shown}: the method ${describeValue(word)} is not known${didYouMean(describeValue(`${meant} ${path}`))}`;
  }
  const isMethod = METHOD_TOKEN.test(method);
  if (entry !== `${method} ${path}` || !isMethod) {
    const right = isMethod ? didYouMean(describeValue(`${method} ${path}`)) : '';
    return `${shown} must be a path, or a method in upper case, a blank and a path${right}`;
  }
  return namedPathProblem(path, paths);
}
