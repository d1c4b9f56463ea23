import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { OutputChunk } from 'rolldown';

/**
 * The licences of the packages that are included, which ask to go along with every copy.
 *
 * @throws one of them has no licence file
 */
export function noticesFor(chunks: readonly OutputChunk[]): string {
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds).filter((id) => /[\\/]node_modules[\\/]/.test(id));
  const folders = [...new Set(modules.map(packageFolderOf))].sort();
  return `This folder contains code of these packages.\n${folders.map(noticeOf).join('')}`;
}

function packageFolderOf(module: string): string {
  let folder = dirname(resolve(module));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

function noticeOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each));
  if (file === undefined) throw new Error(`${name} has no licence file`);
  return `\n${'-'.repeat(80)}\n${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}
