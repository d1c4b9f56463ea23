export type UserType = 'normal' | 'admin';

/** A user, with the fields that were asked for. */
export interface User {
  readonly name: string;
  readonly type: UserType;
  readonly permissions: readonly string[];
  /** Absent: true. */
  readonly enabled?: boolean;
  readonly expires?: string | null;
  readonly mustChangePassword?: boolean;
  readonly note?: string | null;
  readonly created?: string | null;
  readonly passwordChanged?: string | null;
  readonly lastLogin?: string | null;
}

/** What can be set of a user. Null removes a value. */
export interface UserChanges {
  readonly password?: string;
  readonly currentPassword?: string;
  readonly type?: UserType;
  readonly permissions?: readonly string[];
  readonly enabled?: boolean;
  readonly expires?: string | null;
  readonly mustChangePassword?: boolean;
  readonly note?: string | null;
}

export interface UserPage {
  readonly users: readonly User[];
  readonly total?: number;
}

export interface Me extends User {
  readonly privileges: Readonly<Record<string, readonly string[]>>;
}

export interface Key {
  readonly id: string;
  readonly name: string;
  readonly key?: string;
  readonly permissions?: readonly string[];
  readonly created: string;
  readonly expires?: string;
  readonly lastUsed?: string;
}

export interface Session {
  readonly id: string;
  readonly created: string;
  readonly expires: string;
  readonly lastUsed?: string;
}

/** The app's own permissions: paths, and the privileges at and below each. */
export type Permissions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Explanation {
  readonly allowed: boolean;
  readonly privilege: string;
  readonly resource?: string;
  readonly reason: string;
}

export interface AuditEvent {
  readonly time: string;
  readonly event: string;
  readonly user?: string | { readonly name: string };
  readonly by?: string;
  readonly from?: string;
  readonly method?: string;
  readonly path?: string;
  readonly reason?: string;
  readonly [field: string]: unknown;
}

export type Operation =
  | ({ readonly op: 'create'; readonly name: string } & UserChanges)
  | ({ readonly op: 'change'; readonly name: string; readonly ifMatch?: string } & UserChanges)
  | { readonly op: 'delete'; readonly name: string; readonly ifMatch?: string };

export interface OperationResult {
  readonly status: number;
  readonly user?: User;
  readonly message?: string;
  readonly code?: string;
}
