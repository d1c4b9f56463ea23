import type { JSX } from 'preact';
import type { UserType } from '../api/types';
import { Field } from '../parts/field';
import { fill } from '../parts/fill';
import { fromLocalInput, localZone, toLocalInput } from '../parts/local-time';
import { Tick } from '../parts/tick';
import { PermissionPicker } from '../permissions/permission-picker';
import { usePermissions } from '../permissions/use-permissions';
import { texts } from '../texts';

/** The fields of an account that an admin sets. */
export interface AccountValues {
  readonly type: UserType;
  readonly permissions: readonly string[];
  /** Null: never. */
  readonly expires: string | null;
  readonly mustChangePassword: boolean;
  /** Empty: none. */
  readonly note: string;
}

/** The longest note, in characters. */
const NOTE_LENGTH = 200;

interface AccountFieldsProps {
  readonly value: AccountValues;
  readonly onChange: (changes: Partial<AccountValues>) => void;
}

/** The fields of a user, new or not. */
export function AccountFields({ value, onChange }: AccountFieldsProps): JSX.Element {
  const entries = usePermissions();
  const { account: words } = texts;
  return (
    <>
      <fieldset class="group">
        <legend>{texts.users.type}</legend>
        <div class="ticks">
          {(['normal', 'admin'] as const).map((type) => (
            <Tick
              key={type}
              group="type"
              isOn={value.type === type}
              onChange={() => onChange({ type })}
              hint={words.typeHint[type]}
            >
              {texts.type[type]}
            </Tick>
          ))}
        </div>
      </fieldset>
      {value.type === 'normal' && (
        <PermissionPicker
          legend={texts.users.permissions}
          entries={entries}
          chosen={value.permissions}
          onChange={(permissions) => onChange({ permissions })}
        />
      )}
      <div class="fields two">
        <Field label={words.expires} hint={fill(words.expiresHint, { zone: localZone() })}>
          {(attributes) => (
            <input
              {...attributes}
              type="datetime-local"
              value={toLocalInput(value.expires)}
              onChange={(event) => onChange({ expires: fromLocalInput(event.currentTarget.value) })}
            />
          )}
        </Field>
        <Field label={words.note} hint={words.noteHint}>
          {(attributes) => (
            <input
              {...attributes}
              dir="auto"
              maxLength={NOTE_LENGTH}
              autocomplete="off"
              value={value.note}
              onInput={(event) => onChange({ note: event.currentTarget.value })}
            />
          )}
        </Field>
      </div>
      <Tick
        isOn={value.mustChangePassword}
        onChange={(mustChangePassword) => onChange({ mustChangePassword })}
        hint={words.mustChangeHint}
      >
        {words.mustChange}
      </Tick>
    </>
  );
}
