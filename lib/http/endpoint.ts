import type { Request, RequestHandler, Router } from 'express';
import { Tarpit } from '../authentication/tarpit.js';
import type { OwnEndpoint } from '../authorization/own-endpoints.js';
import { now } from '../clock.js';
import { ForbiddenError, TryLaterError } from '../errors.js';
import { type HostResponse, wholePathOf } from '../request/host.js';
import type { Audit } from '../users/audit-events.js';
import type { User } from '../users/user.js';
import { allowOf, forbidStoring, refusalMessage, sendEmpty, sendMethodNotAllowed } from './answers.js';
import { reportForbidden } from './denials.js';
import type { Guard } from './guard.js';
import type { Proceed } from './guard-options.js';
import { Refusal } from './refusals.js';
import type { KnownParameters, RequestParameters } from './request-parameters.js';
import type { Action } from './users-action.js';

/** The operation of one method of an endpoint. */
export interface Operation {
  readonly action: Action;
  /** The parameters of the query. Undefined: the query is not read, and may be meant for another middleware. */
  readonly parameters?: KnownParameters;
}

/** The operations of an endpoint, by method. GET answers HEAD as well. */
export type Operations = Readonly<Record<string, Operation>>;

/** The endpoint that a request is for. */
export type EndpointOf = (req: Request) => OwnEndpoint;

export interface EndpointParts {
  readonly guard: Guard;
  /** Receives `denied` for each request that is answered with 403. */
  readonly audit: Audit;
  readonly parameters: RequestParameters;
}

/** Answers requests to the endpoints of this package: it finds the user, decides, and runs the action. */
export class EndpointHandlers {
  readonly #parts: EndpointParts;
  readonly #tarpit = new Tarpit();

  constructor(parts: EndpointParts) {
    this.#parts = parts;
  }

  /** Adds an endpoint to a router. OPTIONS and the methods that it does not have are answered as well. */
  route(router: Router, path: string, operations: Operations, endpointOf: EndpointOf): void {
    const allow = allowOf(Object.keys(operations));
    const endpoint = router.route(path);
    for (const [method, operation] of Object.entries(operations)) {
      endpoint[method.toLowerCase() as 'get'](this.answer(operation, endpointOf));
    }
    endpoint.options(this.answer(options(allow), endpointOf)).all(this.answer(refuse(allow), endpointOf));
  }

  /** A handler for a request of any method. */
  answer(operation: Operation, endpointOf: EndpointOf): RequestHandler {
    const { guard } = this.#parts;
    return (req, res, next) => {
      forbidStoring(res);
      const endpoint = endpointOf(req);
      const run: Proceed = (principal) => {
        const since = now();
        this.#run(operation, endpoint, req, res, principal).catch(async (error: unknown) => {
          // A refusal takes no work, so a client could ask for it without end.
          if (error instanceof TryLaterError) await this.#tarpit.hold(since);
          guard.later(res, next, () => Refusal.of(error));
        });
        return false;
      };
      guard.identify(req, res, next, run, { endpoint });
    };
  }

  /** Runs an operation if the user may use this method on this endpoint. */
  async #run(
    { action, parameters }: Operation,
    endpoint: OwnEndpoint,
    req: Request,
    res: HostResponse,
    principal: User,
  ): Promise<void> {
    const { guard, audit } = this.#parts;
    try {
      const decision = guard.policy.decideOwn(principal, req.method, endpoint);
      if (!decision.allowed) throw new ForbiddenError(refusalMessage(principal, decision, wholePathOf(req)));
      const query = parameters ? this.#parts.parameters.read(req.url, parameters) : new URLSearchParams();
      await action(req, res, principal, query);
    } catch (error) {
      reportForbidden(audit, req, principal, error);
      throw error;
    }
  }
}

function options(allow: string): Operation {
  return { action: async (_req, res) => sendEmpty(res, 204, { Allow: allow }) };
}

function refuse(allow: string): Operation {
  return { action: async (_req, res) => sendMethodNotAllowed(res, allow) };
}
