/** How the command line ends. They stay the same between versions. */
export const EXIT = {
  /** It is done, or the answer is yes. */
  done: 0,
  /** Refused, or the answer is no. */
  refused: 1,
  /** The command was written wrongly: nothing was tried. */
  usage: 2,
  /** The configuration is wrong. */
  config: 3,
  /** The store or the server cannot be reached, or has no time. */
  unreachable: 4,
  /** A mistake in this program: `EX_SOFTWARE` of BSD's sysexits. */
  bug: 70,
  /** Ctrl-C at a question: 128 and the number of SIGINT, as shells have it of what ends by that signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What `--help` says of them. */
export const EXIT_CODES_HELP = `Exit codes:
  0    done, or the answer is yes
  1    refused: no such user, exists already, the last admin, not allowed, a name or
       a password that breaks a rule; the answer of "can" is no; "check-config" has
       found problems; a file of users is not what it should be
  2    the command was written wrongly
  3    the configuration is wrong
  4    the store or the server cannot be reached, or has no time
  70   a mistake in this program
  130  interrupted; 143 after SIGTERM, 129 after SIGHUP`;
