import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from './api/api';
import type { Me } from './api/types';

/** The things that every part of the page can use. */
export interface PageContext {
  readonly api: Api;
  readonly me: Me;
  readonly isAdmin: boolean;
  /** Whether the person may look at all users, and at the permissions that they can have. */
  readonly mayReadUsers: boolean;
  /** Shows a sentence for a few seconds, and has it read out. */
  readonly tell: (sentence: ComponentChildren) => void;
  /** Asks again who is signed in and what the user may do. */
  readonly refreshMe: () => Promise<void>;
}

export const Context = createContext<PageContext | undefined>(undefined);

export function usePage(): PageContext {
  return useContext(Context) as PageContext;
}
