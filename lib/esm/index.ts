// The types of the ES modules, which the build writes. In this repository TypeScript also finds the source of
// `import 'kapacitor-auth'` by these files, because they stand where the package's types are built from.
export * from '../index.js';
