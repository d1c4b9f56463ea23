/** The specs import YAML as its value: see `spec/vitest.config.ts`. */
declare module '*.yaml' {
  const value: unknown;
  export default value;
}
