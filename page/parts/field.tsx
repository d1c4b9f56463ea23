import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

/** The attributes that tie a control to its label and its hint. */
interface ControlAttributes {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: boolean;
}

interface FieldProps {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  /** The problem of the value. */
  readonly problem?: ComponentChildren;
  readonly isNarrow?: boolean;
  readonly children: (attributes: ControlAttributes) => ComponentChildren;
}

/** A control with its label, and a hint below it. */
export function Field({ label, hint, problem, children, isNarrow }: FieldProps): JSX.Element {
  const id = useId();
  const described = problem || hint ? { 'aria-describedby': `${id}-hint` } : {};
  return (
    <div class={isNarrow ? 'field narrow' : 'field'}>
      <label for={id}>{label}</label>
      {children({ id, ...described, ...(problem ? { 'aria-invalid': true } : {}) })}
      {(problem || hint) && (
        <p id={`${id}-hint`} class={problem ? 'hint wrong' : 'hint'}>
          {problem || hint}
        </p>
      )}
    </div>
  );
}
