import { explain } from '../authorization/explain.js';
import { requestProblem } from '../authorization/questions.js';
import { InvalidRequestError, UserNotFoundError } from '../errors.js';
import { quoteText } from '../safe-text.js';
import { sendJson } from './answers.js';
import type { KnownParameters } from './request-parameters.js';
import { type Action, nameOf } from './users-action.js';
import type { UsersApiParts } from './users-api.js';

export const ACCESS_PARAMETERS: KnownParameters = { owner: 'a question about access', names: ['method', 'path'] };

/** Tells whether a user may make a request, and why, as `auth.explain` does. */
export function createAccessAction({ users, guard }: UsersApiParts): Action {
  return async (req, res, principal, query) => {
    const [method, path] = [requiredIn(query, 'method'), requiredIn(query, 'path')];
    const problem = requestProblem(method, path);
    if (problem !== undefined) throw new InvalidRequestError(problem);
    const user = await users.get(nameOf(req));
    if (user === undefined) throw new UserNotFoundError();
    // A key may open less than its owner.
    const asked = user.name === principal.name ? principal : user;
    sendJson(res, 200, explain(guard.policy, asked, method, path));
  };
}

function requiredIn(query: URLSearchParams, parameter: 'method' | 'path'): string {
  const value = query.get(parameter);
  if (value) return value;
  throw new InvalidRequestError(`parameter ${quoteText(parameter)} is required, such as ?method=GET&path=/secrets`);
}
