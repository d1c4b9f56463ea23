import { describeValue, kindOf } from '../described-value.js';
import { ConfigError } from '../errors.js';
import { inWords } from '../known-keys.js';
import { refuseExtra } from '../refuse-extra.js';
import { didYouMean, suggest } from '../suggestion.js';
import { isPermission } from '../users/permissions.js';
import { decidingGrant, isKnownMethod, PRIVILEGES, type Privilege, privilegeFor, USERS } from './privileges.js';
import { API, isWithin, PathReader } from './resource.js';

/** A route's demand on its users. */
export interface Requirement {
  /** Undefined: the one that the request's method needs. */
  readonly privilege: Privilege | undefined;
  /** Undefined: the request's path, in every reading. */
  readonly resource: string | undefined;
}

/**
 * What `requirePrivilege` is asked for. A word that it does not know would open the route to everybody with `api`.
 *
 * @throws {ConfigError} says what was meant
 */
export function readRequirement(given: readonly unknown[]): Requirement {
  const [privilege, resource] = given;
  refuseExtra('requirePrivilege', 'a privilege and a resource', given.slice(2));
  if (privilege !== undefined && !isPrivilege(privilege)) throw mistake(privilegeProblem(privilege, resource));
  if (resource !== undefined) checkResource(resource, privilege);
  return { privilege, resource: resource as string | undefined };
}

function privilegeProblem(given: unknown, resource: unknown): string {
  if (typeof given !== 'string') return `a privilege is ${inWords(PRIVILEGES, 'or')}, not ${kindOf(given)}`;
  const shown = describeValue(given);
  if (given.startsWith('/')) {
    const meant = isPrivilege(resource) ? resource : undefined;
    return `${shown} is a resource${didYouMean(call(meant, resourceOf(given)))}`;
  }
  const method = given.toUpperCase();
  if (isKnownMethod(method)) return `${shown} is a method${didYouMean(call(privilegeFor(method)))}`;
  const all = `: there are ${inWords(PRIVILEGES)}`;
  if (isPermission(given)) return `${shown} is a permission, and no privilege${all}`;
  return `there is no privilege ${shown}${didYouMean(suggest(given, PRIVILEGES)) || all}`;
}

function checkResource(resource: unknown, privilege: Privilege | undefined): void {
  if (typeof resource !== 'string')
    throw mistake(`a resource is a text such as '${API}/write', not ${kindOf(resource)}`);
  if (!isWithin(resource, API)) {
    const meant = call(privilege, resourceOf(resource));
    throw mistake(`a resource begins with "${API}", as "${API}/write" does${didYouMean(meant)}`);
  }
  const path = resource.slice(API.length) || '/';
  const readings = new PathReader().resourcesOf(path, path);
  if (readings === undefined)
    throw mistake(`${describeValue(resource)} can be read in more ways than an honest one can`);
  const other = readings.find((reading) => ruleOf(reading) !== ruleOf(resource));
  if (other === undefined) return;
  throw mistake(
    `${describeValue(resource)} can be read as ${describeValue(other)}${didYouMean(call(privilege, other))}`,
  );
}

/** The resource whose rule decides. */
function ruleOf(resource: string): string {
  return isWithin(resource, USERS) ? USERS : decidingGrant(resource).resource;
}

/** The resource that a path, or a resource without its beginning, stands for. */
function resourceOf(path: string): string {
  if (isWithin(path, API)) return path;
  const whole = path.startsWith('/') ? path : `/${path}`;
  return new PathReader().resourcesOf(whole, whole)?.[0] ?? API;
}

function isPrivilege(value: unknown): value is Privilege {
  return PRIVILEGES.includes(value as Privilege);
}

/** As code writes it. */
function call(privilege: Privilege | undefined, resource?: string): string {
  const first = privilege === undefined ? 'undefined' : `'${privilege}'`;
  const rest = resource === undefined ? '' : `, '${JSON.stringify(resource).slice(1, -1)}'`;
  return `requirePrivilege(${first}${rest})`;
}

function mistake(problem: string): ConfigError {
  return new ConfigError(`requirePrivilege: ${problem}`);
}
