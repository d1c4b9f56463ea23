export type {
  AuditContext,
  AuditEvents,
  AuthenticationSwitched,
  Denied,
  Login,
  LoginFailed,
  StoreUnavailable,
  UserChanged,
  UserCreated,
  UserDeleted,
  UserOperationFailed,
  UserPart,
} from './audit/events.js';
export type { AuditSource } from './audit/every-event.js';
export { type AuditLogger, auditToLogger } from './audit/logger.js';
export { auditToOpenTelemetry } from './audit/opentelemetry.js';
export type { LoginFailure } from './authentication/login-failure.js';
export type { Explanation } from './authorization/explanation.js';
export type { Privilege } from './authorization/privileges.js';
export type { AdminConfig, AuthConfig, HttpConfig, KapacitorAuthConfig, ResolvedConfig } from './config/config.js';
export type { BindAddress } from './config/kinds.js';
export {
  ConfigError,
  ForbiddenError,
  InvalidRequestError,
  InvalidUserError,
  KapacitorAuthError,
  type KapacitorAuthErrorCode,
  LastAdminError,
  OverloadedError,
  PasswordCheckError,
  StoreError,
  ThrottledError,
  UserExistsError,
  UserNotFoundError,
} from './errors.js';
export { kapacitorAuth } from './kapacitor-auth.js';
export type { MaybePromise } from './maybe-promise.js';
export type { MetricsOptions } from './metrics/metrics.js';
export type { MetricsRegistry } from './metrics/prometheus.js';
export type {
  Health,
  KapacitorAuth,
  KapacitorAuthEvents,
  MetricsRegistration,
  Middleware,
  PassportStrategy,
} from './middleware.js';
export type { NamePattern } from './users/name-pattern.js';
export type { PasswordRefusal } from './users/password-policy.js';
export type { Permission } from './users/permissions.js';
export type { RefusedPasswords } from './users/refused-passwords.js';
export { MemoryUserRepository } from './users/repositories/memory.js';
export { SqliteUserRepository } from './users/repositories/sqlite.js';
export type {
  FirstAdminOutcome,
  RemoveOutcome,
  ReplaceOutcome,
  UserListQuery,
  UserRepository,
} from './users/repository.js';
export type { StoreHealth, StoreSettings, StoreState } from './users/store-state.js';
export type { StoredUser, User, UserType } from './users/user.js';
export type { NewUser, UserChanges, UserListOptions } from './users/user-changes.js';
export type { UserService } from './users/user-service.js';
