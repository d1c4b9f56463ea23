import { ConfigError } from 'kapacitor-auth';
import { expect, it, vi } from 'vitest';
import { auditToOpenTelemetry } from '../../../lib/audit/opentelemetry.js';
import { createTeller } from './told.js';

vi.mock('node:module', async (original) => ({
  ...(await original<typeof import('node:module')>()),
  createRequire: () => () => {
    throw new Error("Cannot find module '@opentelemetry/api-logs'");
  },
}));

it('OpenTelemetry that is not installed is an error that names the package to install, and keeps the cause', () => {
  const ask = () => auditToOpenTelemetry(createTeller().auth);
  expect(ask).toThrow(ConfigError);
  expect(ask).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message:
        'auditToOpenTelemetry needs the package @opentelemetry/api-logs, which cannot be loaded: ' +
        'npm install @opentelemetry/api-logs',
      cause: expect.objectContaining({ message: "Cannot find module '@opentelemetry/api-logs'" }),
    }),
  );
});
