// The types of what `import` gets. The build writes the module itself, which has the classes of the CommonJS one.
export * from '../index.js';
