import { SETTINGS, type Setting } from './settings.js';

/** A key and a value, with whatever was put between them. */
const SETTING_LINE = /^\s*["']?([\w-]+)["']?\s*[:=>]*\s*(.*?)\s*(?:#.*)?$/;

/** How TOML is written, for those who know YAML or INI better. */
const RULES = 'a section is written as  [http] , a setting as  auth-enabled = true , and a text in "quotes"';

/**
 * What is wrong with a line that is not TOML, and how to write it. Of the line itself, and of what the parser says
 * about it, only what cannot be a secret is repeated.
 */
export function syntaxProblem(line: string, parserMessage: string): string {
  // The parser repeats lines of the file, and single characters of them.
  const reason = parserMessage.split(/[\n,:"]| at row /, 1)[0]?.trim();
  const [, key = '', value = ''] = SETTING_LINE.exec(line) ?? [];
  const setting = SETTINGS.find((known) => known.key === key);
  if (/redefine/.test(parserMessage)) {
    return `${setting === undefined ? 'this section or key' : key} stands in the file already: keep one of the two`;
  }
  if (setting !== undefined) return `${key}: this is not TOML: write  ${inToml(setting, value)}`;
  return `this is not TOML (${reason}): ${RULES}`;
}

/** The setting as TOML wants it, with the value if it can be made out what was meant, or an example. */
export function inToml(setting: Setting, value: string): string {
  const { key, kind, isSecret } = setting;
  const bare = value.replace(/^["'“”‘’]+|["'“”‘’]+$/g, '');
  const meant = isSecret ? undefined : kind.fromText(bare);
  if (meant === undefined) return `${key} = ${kind.example}`;
  return `${key} = ${isQuoted(setting) ? JSON.stringify(bare) : kind.toToml(meant)}`;
}

/** Whether the config file writes it in quotes. */
export function isQuoted({ kind }: Setting): boolean {
  return kind.example.startsWith('"');
}
