/** The commands that a `console` block may show: what they need is not here. */
const LEFT_OUT: readonly { readonly command: RegExp; readonly reason: string }[] = [
  { command: /^(?:docker|systemctl) /, reason: 'a container engine or service manager' },
  { command: /^(?:psql|umask 077 && pg_dump) /, reason: 'a PostgreSQL of the reader' },
  { command: /^openssl rand .* > admin-password\.txt$/, reason: 'the secret of a container' },
  { command: /^curl .*http:\/\/localhost\/(?:orders|public|reports|check)\b/, reason: 'an nginx' },
  { command: /^curl -s 'http:\/\/localhost:9090\//, reason: 'a Prometheus' },
  { command: /^kapacitor /, reason: "Kapacitor's own command line" },
  { command: / \/var\/lib\/kapacitor\//, reason: "a Kapacitor's database" },
  { command: /^(?:npx openapi-typescript|pip install|openapi-python-client) /, reason: 'a registry' },
  { command: /^(?:bun|deno) /, reason: 'another runtime' },
  { command: /^npm /, reason: 'a registry, or a clone of the repository' },
  { command: /\bkapacitor-auth completion /, reason: 'an interactive shell' },
  { command: /^curl .* -u \w+$/, reason: 'a terminal: curl asks for the password' },
  { command: /^npx kapacitor-auth -url http:\/\/\w+@/, reason: 'a terminal: the password of the server is asked for' },
];

export function isLeftOut(command: string): boolean {
  return LEFT_OUT.some((one) => one.command.test(command));
}
