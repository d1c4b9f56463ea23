import { useEffect, useState } from 'preact/hooks';
import { type Answer, ApiError } from '../api/client';
import type { User } from '../api/types';
import { usePage } from '../context';

/** A user that somebody else has changed in the meantime. */
export interface Conflict {
  /** As this person has seen it. */
  readonly before: User;
  readonly now: User;
}

interface Version {
  readonly conflict: Conflict | undefined;
  /**
   * Does something to the version that this person has seen. If there is a newer one, nothing is done, and the person sees it:
   * from then on, that is the version.
   */
  readonly attempt: (work: (etag: string | undefined) => Promise<void>) => Promise<void>;
  readonly forget: () => void;
}

/** Keeps changes of two people at once from undoing one another. */
export function useVersion(loaded: Answer<User>): Version {
  const { api } = usePage();
  const [seen, setSeen] = useState(loaded);
  const [conflict, setConflict] = useState<Conflict>();
  useEffect(() => setSeen(loaded), [loaded]);
  const attempt: Version['attempt'] = async (work) => {
    try {
      await work(seen.etag);
      setConflict(undefined);
    } catch (error) {
      if (error instanceof ApiError && error.status === 412) {
        const now = await api.user(seen.body.name);
        setConflict({ before: seen.body, now: now.body });
        setSeen(now);
      }
      throw error;
    }
  };
  return { conflict, attempt, forget: () => setConflict(undefined) };
}
