import type { JSX } from 'preact';
import { Tick } from '../parts/tick';
import { texts } from '../texts';
import { Opens } from './opens';
import type { PermissionEntry } from './use-permissions';

interface PermissionPickerProps {
  readonly legend: string;
  readonly entries: readonly PermissionEntry[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** The permissions to choose from, with what each opens. */
export function PermissionPicker({ legend, entries, chosen, onChange }: PermissionPickerProps): JSX.Element {
  const undefinedOnes = chosen.filter((name) => !entries.some((entry) => entry.name === name));
  const all = [...entries, ...undefinedOnes.map((name) => ({ name, opens: texts.permissions.undefined }))];
  return (
    <fieldset class="group">
      <legend>{legend}</legend>
      <div class="ticks">
        {all.map(({ name, opens }) => (
          <Tick
            key={name}
            isOn={chosen.includes(name)}
            onChange={(isOn) => onChange(isOn ? [...chosen, name] : chosen.filter((each) => each !== name))}
            hint={<Opens what={opens} />}
          >
            <code>{name}</code>
          </Tick>
        ))}
      </div>
    </fieldset>
  );
}
