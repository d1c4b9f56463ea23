import type { ComponentChildren, JSX } from 'preact';
import { texts } from '../texts';
import { Button } from './button';
import { Dialog } from './dialog';
import { Secret } from './secret';

interface SecretDialogProps {
  readonly title: string;
  readonly label: string;
  readonly value: string;
  /** The text above the secret. */
  readonly children: ComponentChildren;
  readonly onClose: () => void;
}

/** Shows a secret once. */
export function SecretDialog({ title, label, value, children, onClose }: SecretDialogProps): JSX.Element {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        {children}
        <Secret label={label} value={value} />
        <footer class="dialog-foot">
          <Button kind="accent" onClick={onClose}>
            {texts.newUser.close}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
