import type { components } from '../dist/openapi';

type Schemas = components['schemas'];

/** A user. The page asks for every field that it shows. */
export type User = Schemas['User'];
export type UserType = Schemas['UserType'];
/** The fields of a user that can be set. Null removes a value. */
export type UserChanges = Schemas['UserChanges'];
export type NewUser = Schemas['NewUser'];
export interface UserList extends Omit<Schemas['UserList'], 'users'> {
  readonly users: readonly User[];
}
export type Me = Schemas['Me'];
export type Key = Schemas['Key'];
export type NewKey = Schemas['NewKey'];
export type CreatedKey = Schemas['CreatedKey'];
export type Session = Schemas['Session'];
/** The app's own permissions: paths, and the privileges at and below each. */
export type Permissions = Schemas['PermissionDefinitions']['permissions'];
export type Explanation = Schemas['Access'];
export type AuditEvent = Schemas['AuditEvent'];
export type Operation = Schemas['Batch']['operations'][number];

/** The outcome of an operation. One that failed has a message. */
export interface OperationResult extends Partial<Pick<Schemas['FailedResult'], 'message' | 'code'>> {
  readonly status: number;
}
