import { SECTIONS, type Section, type Setting } from '../config/setting.js';
import { SETTINGS } from '../config/settings.js';
import { META_SERVER } from '../config/vocabulary.js';
import { withMarkedPart } from './marked-part.js';

const COLUMNS = ['In the file', 'In the environment', 'In code', 'Default', 'What it does'];

/** A page of the documentation with its table of settings brought up to date. */
export function withSettings(page: string): string {
  return withMarkedPart(page, 'settings', settingsTable());
}

function settingsTable(): string {
  const sections: readonly Section[] = [...SECTIONS, ''];
  return sections
    .map((section) => {
      const settings = [...SETTINGS, META_SERVER as Setting].filter((setting) => setting.section === section);
      const heading = section === '' ? 'Before any section' : `\`[${section}]\``;
      return `### ${heading}\n\n${[COLUMNS, COLUMNS.map(() => '---'), ...settings.map(rowOf)].map(toRow).join('')}`;
    })
    .join('\n');
}

function rowOf(setting: Setting): string[] {
  const { section, key, property, kind, meaning } = setting;
  const variables = setting === META_SERVER ? ['KAPACITOR_AUTH_META_*'] : setting.variables;
  const range = kind.range === undefined ? '' : ` ${kind.range[0]?.toUpperCase()}${kind.range.slice(1)}.`;
  return [
    code(key),
    variables.map(code).join(' or '),
    property === undefined ? '' : code(`${section}.${property}`),
    defaultText(setting),
    `${meaning}${range}`,
  ];
}

function defaultText(setting: Setting): string {
  if (setting.defaultText !== undefined) return setting.defaultText;
  const [withFile, inCode] = [true, false].map((hasFile) => defaultValue(setting, hasFile)) as [string, string];
  return withFile === inCode ? inCode : `${inCode}; with a file ${withFile}`;
}

function defaultValue({ default: value, kind }: Setting, hasFile: boolean): string {
  const none = () => undefined as never;
  const chosen = typeof value === 'function' ? value({ hasFile, environment: {}, chosen: none }) : value;
  return chosen === undefined ? 'none' : code(kind.toToml(chosen));
}

function code(text: string): string {
  return `\`${text}\``;
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}
