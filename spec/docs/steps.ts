import { type Block, blocksOf } from './markdown.js';
import { isLeftOut } from './not-run.js';

/** One step of a page. */
export type Step = { readonly title: string } & (
  | { readonly kind: 'write'; readonly file: string; readonly text: string }
  | { readonly kind: 'run'; readonly commands: string; readonly expected: Expected | undefined }
  /** Starts a program that no command of the page starts. */
  | { readonly kind: 'try'; readonly file: string }
  | { readonly kind: 'refuse'; readonly reason: string }
);

/** The output that a page shows. */
export interface Expected {
  readonly format: string;
  readonly text: string;
}

/** The steps of a page, in order. */
export function stepsOf(page: string): Step[] {
  const blocks = blocksOf(page);
  const steps = blocks.flatMap((block, at) => [...fileStep(block), ...commandSteps(block, blocks[at + 1])]);
  const named = steps.flatMap((step) => (step.kind === 'run' ? [step.commands] : [])).join('\n');
  const imported = blocks.map(({ text }) => text).join('\n');
  const untried = blocks.flatMap(({ language, file }) => (language === 'js' && file !== undefined ? [file] : []));
  return [
    ...steps,
    ...untried
      .filter((file) => !named.includes(file) && !imported.includes(`'./${file}'`))
      .map((file): Step => ({ kind: 'try', title: `node ${file}`, file })),
  ];
}

function fileStep({ language, file, text }: Block): Step[] {
  if (file !== undefined) return [{ kind: 'write', title: `writes ${file}`, file, text: `${text}\n` }];
  if (language !== 'js') return [];
  return [
    { kind: 'refuse', title: firstLine(text), reason: 'a js block begins with the name of its file: // app.mjs' },
  ];
}

function commandSteps({ language, text }: Block, next: Block | undefined): Step[] {
  if (language === 'console') return text.split('\n').flatMap(consoleStep);
  if (language !== 'sh') return [];
  const steps = paragraphsOf(text).map(({ commands, output }): Extract<Step, { kind: 'run' }> => {
    const expected = output === '' ? undefined : { format: 'text', text: output };
    return { kind: 'run', title: firstLine(commands), commands, expected };
  });
  const last = steps.at(-1);
  if (last === undefined || last.expected || !next?.isAdjacent || !/^(?:json|text)$/.test(next.language)) return steps;
  return [...steps.slice(0, -1), { ...last, expected: { format: next.language, text: next.text } }];
}

/** Commands that are not run are on a list. */
function consoleStep(line: string): Step[] {
  const command = /^\s*\$ (.*)/.exec(line)?.[1];
  if (command === undefined || isLeftOut(command)) return [];
  return [
    { kind: 'refuse', title: command, reason: 'nothing in spec/docs/not-run.ts keeps it from being run: use sh' },
  ];
}

/** Commands up to an empty line or up to their output, which stands behind `# `. */
function paragraphsOf(text: string): { commands: string; output: string }[] {
  const paragraphs = [{ commands: '', output: '' }];
  let end: string | undefined;
  for (const line of text.split('\n')) {
    const last = paragraphs.at(-1) as { commands: string; output: string };
    const isOutput = /^#( |$)/.test(line) && end === undefined && last.commands !== '';
    if (isOutput) last.output += `${line.slice(2)}\n`;
    else if (end === undefined && (line === '' || last.output !== '')) paragraphs.push({ commands: line, output: '' });
    else last.commands += last.commands === '' ? line : `\n${line}`;
    if (line === end) end = undefined;
    else if (!isOutput) end ??= /<<'?(\w+)'?$/.exec(line)?.[1];
  }
  return paragraphs.filter(({ commands }) => commands !== '');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}
