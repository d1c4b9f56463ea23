import type { ComponentChildren, JSX } from 'preact';
import { sentenceFor } from '../failures';
import { Empty } from './empty';
import { Failure } from './failure';
import { fill } from './fill';
import { Name } from './name';
import { Skeleton } from './skeleton';
import type { Loaded } from './use-load';

interface ListCardProps<T> {
  /** The name of the user whose list it is. */
  readonly name: string;
  readonly words: { readonly title: string; readonly hint: string; readonly none: string; readonly noneHint: string };
  readonly loaded: Loaded<readonly T[]>;
  /** Beside the title. */
  readonly action: ComponentChildren;
  /** The table of a list that is not empty. */
  readonly table: (items: readonly T[]) => JSX.Element;
  /** The dialogs that are open. */
  readonly children: ComponentChildren;
}

/** A card with a list that belongs to a user. */
export function ListCard<T>({ name, words, loaded, action, table, children }: ListCardProps<T>): JSX.Element {
  const { value, error, reload } = loaded;
  return (
    <section class="card">
      <div class="card-head">
        <div>
          <h2>{words.title}</h2>
          <p>{words.hint}</p>
        </div>
        {action}
      </div>
      {error !== undefined && <Failure onRetry={reload}>{sentenceFor(error, { name })}</Failure>}
      {value === undefined && error === undefined && <Skeleton rows={2} />}
      {value?.length === 0 && <Empty title={words.none}>{fill(words.noneHint, { name: <Name of={name} /> })}</Empty>}
      {value && value.length > 0 && table(value)}
      {children}
    </section>
  );
}
