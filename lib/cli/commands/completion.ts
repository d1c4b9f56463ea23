import { Argument, type Command } from 'commander';
import { shellQuoted } from '../../safe-text.js';
import { PERMISSIONS } from '../../users/permissions.js';
import type { Session } from '../session.js';

/** `completion`: a script with which a shell completes these commands. */
export function addCompletion(program: Command, session: Session): void {
  program
    .command('completion')
    .description('print a script that completes commands and options: source <(kapacitor-auth completion bash)')
    .addArgument(new Argument('<SHELL>').choices(SHELLS))
    .action((shell: Shell) => session.output.write(completionScript(program, shell)));
}

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** The words that may follow at one place, such as after `kapacitor-auth user`. */
interface CompletionNode {
  /** The commands before: `''`, `user`, `user add`. */
  readonly path: string;
  readonly commands: readonly CompletionWord[];
  readonly options: readonly CompletionOption[];
  /** The choices for the first argument, if it has choices. */
  readonly values: readonly string[];
}

interface CompletionWord {
  readonly word: string;
  readonly description: string;
}

interface CompletionOption extends CompletionWord {
  readonly takesValue: boolean;
  /** The choices, if the option has choices. Without, the shell completes file names. */
  readonly values: readonly string[];
  /** Whether the script asks the program for the permissions, which the configuration defines. */
  readonly asksForPermissions: boolean;
}

function completionNodes(program: Command): CompletionNode[] {
  const help = { word: '--help', description: 'print help', takesValue: false, values: [], asksForPermissions: false };
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

function optionsOf(command: Command): CompletionOption[] {
  return command.options.map(({ long, description, required, argChoices }) => ({
    word: long as string,
    description,
    takesValue: required,
    values: argChoices ?? [],
    asksForPermissions: long === '--permission',
  }));
}

/** The script contains the commands as they are now: a newer version needs a new script. */
function completionScript(program: Command, shell: Shell): string {
  const nodes = completionNodes(program);
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](nodes);
}

/**
 * The permissions of the config file on the line, or of the one that the program finds. A server would have to be asked, with
 * a password: for a server the names are Kapacitor's.
 */
const PRINT_PERMISSIONS = `KAPACITOR_URL= kapacitor-auth permission list --names`;
const KAPACITOR_NAMES = PERMISSIONS.join(' ');

/** The function finds the commands before the cursor word by word. Other words, such as values of options, are skipped. */
function bashScript(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => shellQuoted(path));
  const cases = nodes.map(({ path, commands, options, values }) => {
    const words = [...commands.map(({ word }) => word), ...values].join(' ');
    return `    ${shellQuoted(path)}) words=${shellQuoted(words)} options=${shellQuoted(options.map(({ word }) => word).join(' '))} ;;`;
  });
  return `# bash completion of kapacitor-auth. In ~/.bashrc: source <(kapacitor-auth completion bash)
_kapacitor_auth_permissions() {
  local i args=()
  for ((i = 1; i < \${#COMP_WORDS[@]}; i++)); do
    case "\${COMP_WORDS[i]}" in
      --url|-url) echo ${KAPACITOR_NAMES}; return ;;
      --config|-config)
        [[ "\${COMP_WORDS[i+1]}" == = ]] && ((i++))
        args=(--config "\${COMP_WORDS[i+1]/#\\~/$HOME}")
        ;;
    esac
  done
  ${PRINT_PERMISSIONS} "\${args[@]}" 2> /dev/null < /dev/null || echo ${KAPACITOR_NAMES}
}
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
${valueCases(nodes, ({ values, asksForPermissions }) =>
  asksForPermissions
    ? `local before="\${current%"\${current##*,}"}"
      COMPREPLY=($(compgen -P "$before" -W "$(_kapacitor_auth_permissions)" -- "\${current##*,}")); return`
    : `COMPREPLY=($(compgen -W ${shellQuoted(values.join(' '))} -- "$current")); return`,
)}
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
# Without a match, complete file names.
complete -o default -F _kapacitor_auth kapacitor-auth
`;
}

function zshScript(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => shellQuoted(path));
  const described = ({ word, description }: CompletionWord) =>
    shellQuoted(`${word.replaceAll(':', '\\:')}:${description}`);
  const cases = nodes.map(({ path, commands, options, values }) => {
    const words = [...commands, ...values.map((word) => ({ word, description: '' }))].map(described).join(' ');
    return `    ${shellQuoted(path)}) words_here=(${words}); options_here=(${options.map(described).join(' ')}) ;;`;
  });
  return `#compdef kapacitor-auth
# zsh completion of kapacitor-auth. In ~/.zshrc, after compinit: source <(kapacitor-auth completion zsh)
_kapacitor_auth_permissions() {
  local i
  local -a args
  for ((i = 2; i <= \${#words}; i++)); do
    case "\${words[i]}" in
      --url|-url) print -l ${KAPACITOR_NAMES}; return ;;
      --config|-config) args=(--config "\${words[i+1]/#\\~/$HOME}") ;;
    esac
  done
  ${PRINT_PERMISSIONS} "\${args[@]}" 2> /dev/null < /dev/null || print -l ${KAPACITOR_NAMES}
}
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
${valueCases(nodes, ({ values, asksForPermissions }) => {
  if (asksForPermissions) return `compset -P '*,'; compadd -- \${(f)"$(_kapacitor_auth_permissions)"}; return`;
  return values.length > 0 ? `compadd -- ${values.join(' ')}; return` : '_files; return';
})}
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
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => shellQuoted(path));
  const lines = nodes.flatMap(({ path, commands, options, values }) => {
    const here = `complete -c kapacitor-auth -n ${shellQuoted(`__kapacitor_auth_is_at "${path}"`)}`;
    return [
      ...commands.map(({ word, description }) => `${here} -f -a ${word} -d ${shellQuoted(description)}`),
      ...values.map((word) => `${here} -f -a ${word}`),
      ...options.map((option) => {
        return `${here} -l ${option.word.slice(2)}${fishValue(option)} -d ${shellQuoted(option.description)}`;
      }),
    ];
  });
  return `# fish completion of kapacitor-auth: kapacitor-auth completion fish > ~/.config/fish/completions/kapacitor-auth.fish
function __kapacitor_auth_permissions
  set -l words (commandline -opc)
  set -l before (string replace -r -- '[^,]*$' '' (commandline -ct))
  set -l args
  if contains -- --url $words; or contains -- -url $words
    printf "$before%s\\n" ${KAPACITOR_NAMES}
    return
  end
  for option in --config -config
    if set -l at (contains -i -- $option $words)
      set args --config $words[(math $at + 1)]
    end
  end
  set -l names (env ${PRINT_PERMISSIONS} $args 2> /dev/null < /dev/null; or printf '%s\\n' ${KAPACITOR_NAMES})
  printf "$before%s\\n" $names
end
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

function fishValue({ takesValue, values, asksForPermissions }: CompletionOption): string {
  if (!takesValue) return '';
  if (asksForPermissions) return " -x -a '(__kapacitor_auth_permissions)'";
  return values.length > 0 ? ` -x -a ${shellQuoted(values.join(' '))}` : ' -r';
}

/** A case for each option with a value. */
function valueCases(nodes: readonly CompletionNode[], complete: (option: CompletionOption) => string): string {
  const options = new Map(
    nodes.flatMap((node) => node.options.filter(({ takesValue }) => takesValue).map((option) => [option.word, option])),
  );
  return [...options].map(([word, option]) => `    ${word}) ${complete(option)} ;;`).join('\n');
}
