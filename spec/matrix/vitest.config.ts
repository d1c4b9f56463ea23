import { join } from 'node:path';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import specs from '../vitest.config.js';

/**
 * The specs that try the installed package beside the installed Express: those that depend on Express, and that replace
 * nothing of the sources. MATRIX_FOLDER is the project that both are installed in, and EXPRESS the major version.
 */
const SPECS: readonly string[] = [
  'http/{express-version,guard,keys-api,me-router,middleware-call,path-matrix*,public-paths,request-body}',
  'http/{routes-one-by-one,same-origin,toggle,unprotected,user-fields,user-lists,users-page}',
  'kapacitor/exchanges',
];

const installed = (path: string) => join(process.env['MATRIX_FOLDER'] as string, 'node_modules', path);
const { projects = [], coverage: _, ...all } = specs.test ?? {};
const inline = projects as readonly TestProjectInlineConfiguration[];
const { alias: __, ...project } = inline.find(({ test }) => test?.name === 'express 5')?.test ?? {};

export default defineConfig({
  root: specs.root as string,
  plugins: specs.plugins ?? [],
  resolve: {
    alias: [
      { find: /^kapacitor-auth$/, replacement: installed('kapacitor-auth/dist/lib/esm/index.js') },
      { find: /^express$/, replacement: installed('express/index.js') },
    ],
  },
  test: {
    ...all,
    ...project,
    name: 'the packed package',
    include: SPECS.map((spec) => `spec/${spec}.spec.ts`),
    env: { EXPRESS: process.env['EXPRESS'] as string },
  },
});
