import type { ComponentChildren, JSX } from 'preact';
import { texts } from '../texts';
import { Button } from './button';
import { Dialog } from './dialog';
import { Notice } from './notice';
import { useAction } from './use-action';

interface ConfirmProps {
  readonly title: ComponentChildren;
  /** The consequences, and the users that they are for. */
  readonly children: ComponentChildren;
  /** The text of the button. */
  readonly deed: ComponentChildren;
  readonly isDanger?: boolean;
  readonly sentenceFor: (error: unknown) => ComponentChildren;
  /** Does it. The dialog stays if this fails. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something is done. */
export function Confirm({
  title,
  children,
  deed,
  isDanger,
  sentenceFor,
  onConfirm,
  onClose,
}: ConfirmProps): JSX.Element {
  const { run, isBusy, error } = useAction(async () => {
    await onConfirm();
    onClose();
  });
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        {children}
        {error !== undefined && <Notice kind="wrong">{sentenceFor(error)}</Notice>}
        <footer class="dialog-foot">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button kind={isDanger ? 'destroy' : 'accent'} isBusy={isBusy} onClick={() => void run()}>
            {deed}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
