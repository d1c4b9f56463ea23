import type { Answer, SentRequest } from './server.js';

/** A request to an endpoint of this package, at the default path of the API. */
const OWN = /^\/kapacitor\/v1(?:preview)?(\/[^?#]+?)\/?(?:[?#]|$)/i;

/**
 * Checks an answer of this package against `docs/openapi.yaml`, and the request if it was accepted.
 *
 * @throws the document does not allow it
 */
export async function requireDocumented(request: SentRequest, answer: Answer): Promise<void> {
  const path = OWN.exec(request.path)?.[1];
  if (path === undefined) return;
  // Few specs send such requests, and the document and its schemas take time.
  const { documented } = await import('./documented-endpoints.js');
  const problem = documented.problemOf(request, path, answer);
  if (problem === undefined) return;
  const exchange = `${request.method ?? 'GET'} ${request.path} answered ${answer.status}`;
  throw new Error(`docs/openapi.yaml does not allow this: ${exchange}: ${problem}\n${answer.text.slice(0, 2_000)}`);
}
