import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What can be written at one place: behind `kapacitor-auth user`, say. */
interface CompletionNode {
  /** `''`, `user`, `user add`: the commands before. */
  readonly path: string;
  readonly commands: readonly CompletionWord[];
  readonly options: readonly CompletionOption[];
  /** What the first argument may be, where that is known. */
  readonly values: readonly string[];
}

interface CompletionWord {
  readonly word: string;
  readonly description: string;
}

interface CompletionOption extends CompletionWord {
  readonly takesValue: boolean;
  /** Those that there are; where there are none, a file's name is meant, or a word of one's own. */
  readonly values: readonly string[];
}

/** Everything that the commands take, command by command. */
function completionNodes(program: Command): CompletionNode[] {
  const help = { word: '--help', description: 'print help', takesValue: false, values: [] };
  const ofAll = optionsOf(program).filter(({ word }) => word !== '--version');
  const nodes: CompletionNode[] = [];
  const add = (command: Command, path: string) => {
    const options = command === program ? optionsOf(program) : [...optionsOf(command), ...ofAll];
    nodes.push({
      path,
      commands: command.commands.map((each) => ({ word: each.name(), description: each.description() })),
      options: [...options, help],
      values: command.registeredArguments[0]?.argChoices ?? [],
    });
    for (const each of command.commands) add(each, path === '' ? each.name() : `${path} ${each.name()}`);
  };
  add(program, '');
  return nodes;
}

/** The values of `--permission` are checked one by one, since there may be several with commas: these are they. */
const PERMISSIONS = ['api', 'config_api', 'write_points', 'all', 'none'];

function optionsOf(command: Command): CompletionOption[] {
  return command.options.map(({ long, description, required, argChoices }) => ({
    word: long as string,
    description,
    takesValue: required,
    values: argChoices ?? (long === '--permission' ? PERMISSIONS : []),
  }));
}

/** A script for a shell. What it knows is what the commands are now. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = completionNodes(program);
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](nodes);
}

/** Which commands have been written is found out word by word; the values of options are passed over. */
function bashScript(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const cases = nodes.map(({ path, commands, options, values }) => {
    const words = [...commands.map(({ word }) => word), ...values].join(' ');
    return `    ${quoted(path)}) words=${quoted(words)} options=${quoted(options.map(({ word }) => word).join(' '))} ;;`;
  });
  return `# bash completion of kapacitor-auth. In ~/.bashrc: source <(kapacitor-auth completion bash)
_kapacitor_auth() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path='' next words='' options='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in
      ${paths.join('|')}) path="$next" ;;
    esac
  done
  COMPREPLY=()
  case "$previous" in
${valueCases(nodes, (values) => `COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$current")); return`)}
  esac
  case "$path" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
# Where nothing is known to fit, it is a file's name.
complete -o default -F _kapacitor_auth kapacitor-auth
`;
}

function zshScript(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const described = ({ word, description }: CompletionWord) => quoted(`${word.replaceAll(':', '\\:')}:${description}`);
  const cases = nodes.map(({ path, commands, options, values }) => {
    const words = [...commands, ...values.map((word) => ({ word, description: '' }))].map(described).join(' ');
    return `    ${quoted(path)}) words_here=(${words}); options_here=(${options.map(described).join(' ')}) ;;`;
  });
  return `#compdef kapacitor-auth
# zsh completion of kapacitor-auth. In ~/.zshrc, after compinit: source <(kapacitor-auth completion zsh)
_kapacitor_auth() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" here='' next i
  local -a words_here options_here
  for ((i = 2; i < CURRENT; i++)); do
    next="\${here:+$here }\${words[i]}"
    case "$next" in
      ${paths.join('|')}) here="$next" ;;
    esac
  done
  case "$previous" in
${valueCases(nodes, (values) => (values.length > 0 ? `compadd -- ${values.join(' ')}; return` : '_files; return'))}
  esac
  case "$here" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    _describe option options_here
  elif (( $#words_here > 0 )); then
    _describe command words_here
  else
    _files
  fi
}
compdef _kapacitor_auth kapacitor-auth
`;
}

function fishScript(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const lines = nodes.flatMap(({ path, commands, options, values }) => {
    const here = `complete -c kapacitor-auth -n ${quoted(`__kapacitor_auth_is_at "${path}"`)}`;
    return [
      ...commands.map(({ word, description }) => `${here} -f -a ${word} -d ${quoted(description)}`),
      ...values.map((word) => `${here} -f -a ${word}`),
      ...options.map((option) => {
        const known = option.values.length > 0 ? ` -x -a ${quoted(option.values.join(' '))}` : ' -r';
        return `${here} -l ${option.word.slice(2)}${option.takesValue ? known : ''} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `# fish completion of kapacitor-auth: kapacitor-auth completion fish > ~/.config/fish/completions/kapacitor-auth.fish
function __kapacitor_auth_is_at
  set -l here ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$here $word")
    if contains -- "$next" ${paths.join(' ')}
      set here "$next"
    end
  end
  test "$here" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** One case for each option that takes a value. */
function valueCases(nodes: readonly CompletionNode[], complete: (values: readonly string[]) => string): string {
  const options = new Map(
    nodes.flatMap((node) =>
      node.options.filter(({ takesValue }) => takesValue).map(({ word, values }) => [word, values]),
    ),
  );
  return [...options].map(([word, values]) => `    ${word}) ${complete(values)} ;;`).join('\n');
}

/** A text in single quotes, for any of these shells. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
