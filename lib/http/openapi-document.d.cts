/**
 * The document of the API, `docs/openapi.yaml`. It is loaded with the first call.
 *
 * @throws the package has not been built
 */
declare function openApiDocument(): Readonly<Record<string, unknown>>;

export = openApiDocument;
