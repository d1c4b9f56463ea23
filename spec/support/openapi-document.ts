import document from '../../docs/openapi.yaml';

/** A part of the document, as far as the specs read it. */
export interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly (Reference | Parameter)[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Reference | Response>>;
}

export interface Reference {
  readonly $ref: string;
}

interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header';
  readonly required?: boolean;
  readonly schema: object;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Reference | Header>>;
  readonly content?: Content;
}

export interface Header {
  readonly required?: boolean;
  readonly schema: object;
}

export type Content = Readonly<Record<string, { readonly schema: object }>>;

export interface OpenApiDocument {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** The methods that an operation can have. */
export const METHODS: readonly string[] = ['get', 'put', 'post', 'delete', 'patch'];

export const openApi: OpenApiDocument = document as OpenApiDocument;

/** The place of a part in the document, as a reference: `#/paths/~1users/get`. */
export function placeOf(...keys: readonly string[]): string {
  const segments = keys.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')));
  return `#/${segments.join('/')}`;
}

/** The part that a reference names. */
export function partAt(document: OpenApiDocument, reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .map((segment) => decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], document);
}
