import { createRequire } from 'node:module';
import express, { type Express } from 'express';
import { expect, it } from 'vitest';
import { ownSchema } from '../support/postgres-repository.js';
import { storeFile } from '../support/sqlite-repository.js';
import { PASSWORD, ROOT, servePage } from './served-page.js';
import { dialogOf, namesIn, press, sees, visit } from './visitor.js';

const express4 = createRequire(import.meta.url)('express4') as () => Express;

const APPS: readonly (readonly [express: string, store: string, createApp: () => Express, url: () => string])[] = [
  ['Express 4', 'SQLite', express4, () => `sqlite:${storeFile()}`],
  ['Express 5', 'SQLite', express, () => `sqlite:${storeFile()}`],
  ['Express 4', 'PostgreSQL', express4, ownSchema],
  ['Express 5', 'PostgreSQL', express, ownSchema],
  ['Express 4', 'memory', express4, () => 'memory:'],
];

it.each(APPS)('does its main tasks: %s, %s', async (_express, _store, createApp, url) => {
  const served = await servePage({ users: [ROOT], createApp, auth: { store: url() } });
  const page = await visit(served);
  await page.getByLabel('Name').fill('root');
  await page.getByLabel('Password').fill(PASSWORD);
  await press(page, 'Sign in');
  await press(page, 'New user');
  await dialogOf(page).getByLabel('Name', { exact: true }).fill('ann');
  await press(dialogOf(page), 'Create user');
  await dialogOf(page).getByRole('link', { name: 'Open ann' }).click();

  await page.getByLabel('Note').fill('the clerk');
  await page.getByRole('checkbox', { name: /^clerk/ }).check();
  await press(page, 'Save changes');
  await sees(page, 'The changes to ann are saved.');
  await press(page, 'New key');
  await dialogOf(page).getByLabel('Name of the key').fill('the scales');
  await press(dialogOf(page), 'Create key');
  await press(dialogOf(page), 'Done');
  await page.getByRole('row', { name: /the scales/ }).waitFor();
  await page.getByLabel('Path').fill('/secrets');
  await press(page, 'Explain');
  await page.getByRole('heading', { name: 'No: ann may not GET /secrets' }).waitFor();

  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Users' }).click();
  await page.getByLabel('Permission', { exact: true }).selectOption('clerk');
  await expect.poll(() => namesIn(page)).toEqual(['ann']);
  await sees(page, 'the clerk');
  await page.getByRole('checkbox', { name: 'Select ann' }).check();
  await press(page, 'Delete');
  await press(dialogOf(page), 'Delete 1 user');
  await sees(page, 'No user matches');
  expect(await served.auth.users.get('ann')).toBeUndefined();
});
