import type { ComponentChildren, JSX } from 'preact';

interface TickProps {
  readonly children: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  /** The group of which one is chosen. Undefined: a checkbox. */
  readonly group?: string;
}

/** A checkbox, or one of several radio buttons, with its label. */
export function Tick({ children, hint, isOn, onChange, group }: TickProps): JSX.Element {
  return (
    <label class="tick">
      <input
        type={group === undefined ? 'checkbox' : 'radio'}
        name={group}
        checked={isOn}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>
        {children}
        {hint && <span class="hint">{hint}</span>}
      </span>
    </label>
  );
}
