import { readFileSync } from 'node:fs';
import type { KapacitorAuthConfig, NewUser } from 'kapacitor-auth';
import type { SentRequest } from './server.js';

/** A request to the real Kapacitor, its answer, and this package's answer where it is better. */
export interface Exchange {
  readonly title?: string;
  readonly request: SentRequest & { readonly method: string };
  readonly response: { readonly status: number; readonly body?: unknown; readonly contentType?: string };
  readonly ours?: {
    readonly status?: number;
    readonly body?: unknown;
    readonly error?: string;
    readonly granted?: boolean;
    readonly headers?: Record<string, string>;
    readonly noHeaders?: readonly string[];
  };
  readonly why?: string;
  readonly compare?: 'status';
}

/** Exchanges that follow one another, in a store that holds these users at first. */
export interface Scenario {
  readonly scenario: string;
  readonly authEnabled: boolean;
  readonly config?: KapacitorAuthConfig;
  readonly users: readonly NewUser[];
  readonly exchanges: readonly Exchange[];
}

export const scenarios: readonly Scenario[] = JSON.parse(
  readFileSync(new URL('../kapacitor/exchanges.json', import.meta.url), 'utf8'),
);
