import { useMemo, useState } from 'preact/hooks';
import type { User } from '../api/types';

/** The users that something will be done to. They may be on several pages of the list. */
export interface Selection {
  readonly names: ReadonlyMap<string, User>;
  readonly set: (users: readonly User[], isSelected: boolean) => void;
  readonly clear: () => void;
}

export function useSelection(): Selection {
  const [names, setNames] = useState<ReadonlyMap<string, User>>(new Map());
  return useMemo(
    () => ({
      names,
      set: (users, isSelected) =>
        setNames((before) => {
          const after = new Map(before);
          for (const user of users) {
            if (isSelected) after.set(user.name, user);
            else after.delete(user.name);
          }
          return after;
        }),
      clear: () => setNames(new Map()),
    }),
    [names],
  );
}
