import { didYouMean, inWords, refuseExtra, suggest } from '../argument-checks.js';
import { ConfigError } from '../errors.js';
import { describeType, describeValue } from '../safe-text.js';
import type { UserAccount } from '../users/account.js';
import type { AccessPolicy } from './access-policy.js';
import { API, isWithin, USERS } from './paths.js';
import { isKnownMethod, isPrivilege, METHOD_TOKEN, PRIVILEGES, type Privilege, privilegeFor } from './privileges.js';

/** RFC 9112, section 3.2: a path, an asterisk, a URL, or a host with a port. */
const TARGET = /^[/*]|:/;

/**
 * Checks the arguments of `auth.can` and `auth.explain`. An unknown method is allowed, and needs the privilege `all`. A
 * known method in another case is a mistake.
 *
 * @throws {ConfigError} names the mistake, and what was probably meant
 */
export function checkQuestion(call: 'can' | 'explain', given: readonly unknown[]): void {
  // Destructuring a list takes longer than the rest of this.
  const user = given[0];
  const method = given[1];
  const path = given[2];
  const isNobody = call === 'can' && (user === undefined || user === null);
  if (given.length > 3) refuseExtra(`auth.${call}`, 'a user, a method and a path', given.slice(3));
  const problem =
    orderProblem(call, method, path) ?? requestProblem(method, path) ?? (isNobody ? undefined : userProblem(user));
  if (problem !== undefined) throw new ConfigError(`auth.${call}: ${problem}`);
}

/** The problem of the method and the path of a request that somebody asks about. Undefined if there is none. */
export function requestProblem(method: unknown, path: unknown): string | undefined {
  return methodProblem(method) ?? pathProblem(path);
}

function orderProblem(call: string, method: unknown, path: unknown): string | undefined {
  const isSwapped =
    typeof method === 'string' && method.startsWith('/') && typeof path === 'string' && METHOD_TOKEN.test(path);
  return isSwapped
    ? `the method comes before the path${didYouMean(`auth.${call}(user, '${path}', '${method}')`)}`
    : undefined;
}

function methodProblem(method: unknown): string | undefined {
  if (typeof method !== 'string') return `a method is a text such as 'GET', not ${describeType(method)}`;
  if (isKnownMethod(method)) return undefined;
  const shown = describeValue(method);
  if (!METHOD_TOKEN.test(method)) return `${shown} is not a method such as 'GET'`;
  const upper = method.toUpperCase();
  if (isKnownMethod(upper)) return `methods are case-sensitive${didYouMean(`'${upper}'`)}`;
  return isPrivilege(method) ? `${shown} is a privilege: a request has a method, such as 'GET'` : undefined;
}

function pathProblem(path: unknown): string | undefined {
  if (typeof path !== 'string') return `a path is a text such as '/kapacitor/v1/tasks', not ${describeType(path)}`;
  return path.startsWith('/') || TARGET.test(path)
    ? undefined
    : `a path begins with a slash${didYouMean(`'/${path}'`)}`;
}

function userProblem(user: unknown): string | undefined {
  if (typeof user === 'string') return `a user is an object${didYouMean(`await auth.users.get('${user}')`)}`;
  const { name, type, permissions, enabled, expires } = Object(user) as Partial<Record<keyof UserAccount, unknown>>;
  const isUser =
    typeof name === 'string' &&
    (type === 'admin' || type === 'normal') &&
    // A permission that does not exist opens nothing. A user may have hundreds.
    Array.isArray(permissions) &&
    typeof enabled === 'boolean';
  if (isUser) {
    const isTime = expires === undefined || expires instanceof Date || typeof expires === 'number';
    return isTime ? undefined : `the field expires of a user is a date, not ${describeType(expires)}`;
  }
  const kind = describeType(user);
  return `a user has name, type, permissions and enabled, like req.user: this is ${kind === 'an object' ? 'another object' : kind}`;
}

/** The privilege that a route requires. */
export interface Requirement {
  /** Undefined: the privilege that the request's method needs. */
  readonly privilege: Privilege | undefined;
  /** Undefined: every reading of the request's path. */
  readonly resource: string | undefined;
}

/**
 * Reads the arguments of `auth.requirePrivilege`. An unknown word would open the route to every user with `api`.
 *
 * @throws {ConfigError} names the mistake, and what was probably meant
 */
export function readRequirement(given: readonly unknown[], policy: AccessPolicy): Requirement {
  const [privilege, resource] = given;
  refuseExtra('requirePrivilege', 'a privilege and a resource', given.slice(2));
  if (privilege !== undefined && !isPrivilege(privilege)) throw mistake(privilegeProblem(privilege, resource, policy));
  if (resource !== undefined) checkResource(resource, privilege, policy);
  return { privilege, resource: resource as string | undefined };
}

function privilegeProblem(given: unknown, resource: unknown, policy: AccessPolicy): string {
  if (typeof given !== 'string') return `a privilege is ${inWords(PRIVILEGES, 'or')}, not ${describeType(given)}`;
  const shown = describeValue(given);
  if (given.startsWith('/')) {
    const meant = isPrivilege(resource) ? resource : undefined;
    return `${shown} is a resource${didYouMean(call(meant, resourceOf(given, policy)))}`;
  }
  const method = given.toUpperCase();
  if (isKnownMethod(method)) return `${shown} is a method${didYouMean(call(privilegeFor(method)))}`;
  const all = `: there are ${inWords(PRIVILEGES)}`;
  if (policy.permissions.has(given)) return `${shown} is a permission, not a privilege${all}`;
  return `there is no privilege ${shown}${didYouMean(suggest(given, PRIVILEGES)) || all}`;
}

function checkResource(resource: unknown, privilege: Privilege | undefined, policy: AccessPolicy): void {
  if (typeof resource !== 'string')
    throw mistake(`a resource is a text such as '${API}/write', not ${describeType(resource)}`);
  if (!isWithin(resource, API)) {
    const meant = call(privilege, resourceOf(resource, policy));
    throw mistake(`a resource begins with "${API}", such as "${API}/write"${didYouMean(meant)}`);
  }
  const path = resource.slice(API.length) || '/';
  const readings = policy.paths.read(path)?.whole;
  if (readings === undefined) throw mistake(`routers can read ${describeValue(resource)} in too many ways`);
  // The resource of the rule that decides.
  const deciding = (each: string) => (isWithin(each, USERS) ? USERS : policy.nearestEntry(each)?.resource);
  const other = readings.find((reading) => deciding(reading) !== deciding(resource));
  if (other === undefined) return;
  throw mistake(
    `${describeValue(resource)} can be read as ${describeValue(other)}${didYouMean(call(privilege, other))}`,
  );
}

/** The resource of a path, or of a resource without `/api`. */
function resourceOf(path: string, { paths }: AccessPolicy): string {
  if (isWithin(path, API)) return path;
  const whole = path.startsWith('/') ? path : `/${path}`;
  return paths.read(whole)?.whole[0] ?? API;
}

/** The call in code, for a suggestion. */
function call(privilege: Privilege | undefined, resource?: string): string {
  const first = privilege === undefined ? 'undefined' : `'${privilege}'`;
  const rest = resource === undefined ? '' : `, '${JSON.stringify(resource).slice(1, -1)}'`;
  return `requirePrivilege(${first}${rest})`;
}

function mistake(problem: string): ConfigError {
  return new ConfigError(`requirePrivilege: ${problem}`);
}
