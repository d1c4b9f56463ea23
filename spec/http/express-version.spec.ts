import express from 'express';
import { expect, it } from 'vitest';

it('runs with the version of Express that the project is named after', () => {
  expect('query' in express).toBe(process.env['EXPRESS'] === '4');
});
