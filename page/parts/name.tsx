import type { JSX } from 'preact';

/** A text that a person has chosen. It may be written from the right, and turns nothing around it. */
export function Name({ of: name }: { readonly of: string }): JSX.Element {
  return <bdi class="name">{name}</bdi>;
}

/** The first names of a list, and how many follow. */
export function Names({ of: names }: { readonly of: readonly string[] }): JSX.Element {
  return (
    <ul class="names">
      {names.map((name) => (
        <li key={name}>
          <Name of={name} />
        </li>
      ))}
    </ul>
  );
}
