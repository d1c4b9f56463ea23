import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from '../parts/button';
import { texts } from '../texts';
import { DEEDS, type Deed } from './batch-deeds';
import { BatchDialog } from './batch-dialog';
import type { Selection } from './use-selection';

interface SelectionBarProps {
  readonly selection: Selection;
  readonly onDone: () => void;
}

/** The deeds for the selected users. The bar is there while users are selected. */
export function SelectionBar({ selection, onDone }: SelectionBarProps): JSX.Element | null {
  const [deed, setDeed] = useState<Deed>();
  const count = selection.names.size;
  if (count === 0 && deed === undefined) return null;
  const { batch: words } = texts;
  return (
    <>
      <section class="selection-bar" aria-label={words.label}>
        <p role="status">{words.selected.replace('{count}', String(count))}</p>
        {DEEDS.map((each) => (
          <Button key={each} kind={each === 'delete' ? 'danger' : 'plain'} onClick={() => setDeed(each)}>
            {words[each].button}
          </Button>
        ))}
        <Button kind="quiet" onClick={selection.clear}>
          {words.clear}
        </Button>
      </section>
      {deed && <BatchDialog deed={deed} selection={selection} onClose={() => setDeed(undefined)} onDone={onDone} />}
    </>
  );
}
