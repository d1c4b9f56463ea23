import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {
  type Content,
  type Header,
  METHODS,
  type Operation,
  openApi,
  partAt,
  placeOf,
  type Reference,
  type Response,
} from './openapi-document.js';
import type { Answer, SentRequest } from './server.js';

/** An operation, or the rest of the methods of a path. */
interface Found {
  readonly place: string;
  readonly operation: Operation;
}

/** The checks by `docs/openapi.yaml`. A schema is compiled when the first value needs it. */
class Documented {
  readonly #document = openApi;
  readonly #ajv: Ajv2020;
  readonly #templates: readonly { readonly pattern: RegExp; readonly template: string }[];
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor() {
    this.#ajv = new Ajv2020({ strict: false, meta: false, validateSchema: false });
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(openApi, 'document', undefined, false);
    // A literal segment comes before a parameter.
    this.#templates = Object.keys(openApi.paths)
      .sort()
      .map((template) => ({ template, pattern: patternOf(template) }))
      .sort((a, b) => Number(a.template.includes('{')) - Number(b.template.includes('{')));
  }

  /** Why the document does not allow an answer, or a request that was accepted. Undefined if it does. */
  problemOf(request: SentRequest, path: string, answer: Answer): string | undefined {
    const method = (request.method ?? 'GET').toLowerCase();
    const templates = this.#templates.filter(({ pattern }) => pattern.test(path)).map(({ template }) => template);
    // A user may have the name of a literal segment.
    const template = templates.find((each) => this.#hasMethod(each, method)) ?? templates[0];
    if (template === undefined) return undefined;
    if (method === 'options') return undefined;
    const { place, operation } = this.#find(template, method);
    const status = String(answer.status);
    const entry = operation.responses[status];
    if (entry === undefined) return `the status is not among ${Object.keys(operation.responses).join(', ')}`;
    const [at, response] = this.#resolve<Response>(entry, `${place}/responses/${status}`);
    return (
      this.#headersProblem(response, at, answer) ??
      (method === 'head' ? undefined : this.#bodyProblem(response.content ?? {}, at, answer)) ??
      (answer.status < 300 ? this.#requestProblem(operation, place, request, answer) : undefined)
    );
  }

  #hasMethod(template: string, method: string): boolean {
    return Object.hasOwn(this.#document.paths[template] as object, method === 'head' ? 'get' : method);
  }

  #find(template: string, method: string): Found {
    const item = this.#document.paths[template] as Record<string, Operation>;
    const key = method === 'head' && item['get'] !== undefined ? 'get' : method;
    const place = placeOf('paths', template, key);
    if (METHODS.includes(key) && item[key] !== undefined) return { place, operation: item[key] };
    const [some] = METHODS.filter((each) => item[each] !== undefined) as [string];
    const refusals = Object.entries((item[some] as Operation).responses).filter(([status]) => status >= '300');
    const notAllowed = { $ref: placeOf('components', 'responses', 'MethodNotAllowed') };
    const responses = { ...Object.fromEntries(refusals), '405': notAllowed };
    return { place: placeOf('paths', template, some), operation: { responses } };
  }

  #resolve<Part>(part: Part | Reference, place: string): [string, Part] {
    const reference = (part as Partial<Reference>).$ref;
    return reference === undefined ? [place, part as Part] : [reference, partAt(this.#document, reference) as Part];
  }

  #headersProblem({ headers = {} }: Response, place: string, answer: Answer): string | undefined {
    for (const [name, entry] of Object.entries(headers)) {
      const [at, header] = this.#resolve<Header>(entry, `${place}/headers/${name}`);
      const value = answer.headers[name.toLowerCase()];
      if (value === undefined && header.required) return `the header ${name} is missing`;
      for (const each of value === undefined ? [] : [value].flat()) {
        const problem = this.valueProblem(`${at}/schema`, each);
        if (problem !== undefined) return `the header ${name}: ${problem}`;
      }
    }
    return undefined;
  }

  #bodyProblem(content: Content, place: string, answer: Answer): string | undefined {
    const [type = ''] = (answer.headers['content-type'] ?? '').split(';');
    if (Object.keys(content).length === 0) return answer.text === '' ? undefined : 'it has a body';
    if (content[type] === undefined) return `the content type ${type} is not among ${Object.keys(content).join(', ')}`;
    const body = type === 'application/json' ? answer.body : answer.text;
    return this.valueProblem(`${place}${placeOf('content', type, 'schema').slice(1)}`, body);
  }

  /** The problem of a request that was accepted. */
  #requestProblem(
    { requestBody }: Operation,
    place: string,
    { body }: SentRequest,
    answer: Answer,
  ): string | undefined {
    if (requestBody?.content['application/json'] === undefined || body === undefined) return undefined;
    const sent = acceptedIn(parseJson(String(body)), answer.body);
    if (sent === undefined) return undefined;
    const problem = this.valueProblem(
      `${place}${placeOf('requestBody', 'content', 'application/json', 'schema').slice(1)}`,
      sent,
    );
    return problem === undefined ? undefined : `the body of the request was accepted: ${problem}`;
  }

  /**
   * Why a schema does not allow a value. Undefined if it does.
   *
   * @param place where the schema is. Many places refer to one schema, which is compiled once
   */
  valueProblem(place: string, value: unknown): string | undefined {
    const [at] = this.#resolve(partAt(this.#document, place) as object, place);
    let validate = this.#compiled.get(at);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `document${at}` });
      this.#compiled.set(at, validate);
    }
    if (validate(value)) return undefined;
    return this.#ajv.errorsText(validate.errors, { dataVar: 'it' });
  }
}

export const documented: Documented = new Documented();

function patternOf(template: string): RegExp {
  return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`, 'i');
}

/** The value in a JSON text, without what counts as absent: null, and an empty type. Undefined for any other text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (key, value) => (value === null || (key === 'type' && value === '') ? undefined : value));
  } catch {
    return undefined;
  }
}

/** The part of a batch that was accepted. Undefined for none. Any other body was accepted as a whole. */
function acceptedIn(sent: unknown, answer: unknown): unknown {
  const { operations } = Object(sent) as { readonly operations?: readonly unknown[] };
  const { results } = Object(answer) as { readonly results?: readonly { readonly status: number }[] };
  if (operations === undefined || results === undefined) return sent;
  const accepted = operations.filter((_, index) => (results[index]?.status as number) < 400);
  return accepted.length === 0 ? undefined : { operations: accepted };
}
