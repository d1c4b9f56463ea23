import { describeValue, kindOf } from '../described-value.js';
import { ConfigError } from '../errors.js';
import { refuseExtra } from '../refuse-extra.js';
import { didYouMean } from '../suggestion.js';
import { isPermission } from '../users/permissions.js';
import type { User } from '../users/user.js';
import { isKnownMethod, PRIVILEGES, type Privilege } from './privileges.js';

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
/** RFC 9112, section 3.2: a path, an asterisk, or what has a colon: a URL, or a host with its port. */
const TARGET = /^[/*]|:/;

/**
 * Checks what `auth.can` and `auth.explain` are asked. A method that nobody knows is one all the same, and needs the
 * privilege `all`; one that is only written in another case is a mistake.
 *
 * @throws {ConfigError} says what was meant
 */
export function checkQuestion(call: 'can' | 'explain', given: readonly unknown[]): void {
  const [user, method, path] = given;
  const isNobody = call === 'can' && (user === undefined || user === null);
  refuseExtra(`auth.${call}`, 'a user, a method and a path', given.slice(3));
  const problem =
    orderProblem(call, method, path) ??
    methodProblem(method) ??
    pathProblem(path) ??
    (isNobody ? undefined : userProblem(user));
  if (problem !== undefined) throw new ConfigError(`auth.${call}: ${problem}`);
}

function orderProblem(call: string, method: unknown, path: unknown): string | undefined {
  const isSwapped =
    typeof method === 'string' && method.startsWith('/') && typeof path === 'string' && TOKEN.test(path);
  return isSwapped
    ? `the method comes before the path${didYouMean(`auth.${call}(user, '${path}', '${method}')`)}`
    : undefined;
}

function methodProblem(method: unknown): string | undefined {
  if (typeof method !== 'string') return `a method is a text such as 'GET', not ${kindOf(method)}`;
  const shown = describeValue(method);
  if (!TOKEN.test(method)) return `${shown} is no method, such as 'GET'`;
  const upper = method.toUpperCase();
  if (isKnownMethod(upper)) {
    return method === upper ? undefined : `methods are case-sensitive${didYouMean(`'${upper}'`)}`;
  }
  return PRIVILEGES.includes(method as Privilege)
    ? `${shown} is a privilege: a request has a method, such as 'GET'`
    : undefined;
}

function pathProblem(path: unknown): string | undefined {
  if (typeof path !== 'string') return `a path is a text such as '/kapacitor/v1/tasks', not ${kindOf(path)}`;
  return TARGET.test(path) ? undefined : `a path begins with a slash${didYouMean(`'/${path}'`)}`;
}

function userProblem(user: unknown): string | undefined {
  if (typeof user === 'string') return `a user is an object${didYouMean(`await auth.users.get('${user}')`)}`;
  const { name, type, permissions, enabled } = Object(user) as Partial<Record<keyof User, unknown>>;
  const isUser =
    typeof name === 'string' &&
    (type === 'admin' || type === 'normal') &&
    Array.isArray(permissions) &&
    permissions.every(isPermission) &&
    typeof enabled === 'boolean';
  if (isUser) return undefined;
  const kind = kindOf(user);
  return `a user has name, type, permissions and enabled, as req.user has: this is ${kind === 'an object' ? 'another object' : kind}`;
}
