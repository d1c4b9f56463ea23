import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { context, type Span, trace } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api-logs';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import express from 'express';
import type { AuditEvents } from 'kapacitor-auth';
import { pino, stdSerializers } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditSource } from '../../lib/observe/audit-sinks.js';
import { auditToLogger, auditToOpenTelemetry } from '../../lib/observe/audit-sinks.js';
import { createAuth } from '../support/auth.js';
import { failure } from '../support/failure.js';
import { serve } from '../support/server.js';

/** A source of events that the spec emits. */
interface Teller {
  readonly auth: AuditSource;
  tell<Event extends keyof AuditEvents>(event: Event, details: Omit<AuditEvents[Event], 'time'>): void;
}

const TIME: Date = new Date('2026-11-24T12:00:00Z');

function createTeller(): Teller {
  const emitter = new EventEmitter();
  return {
    auth: emitter as unknown as AuditSource,
    tell: (event, details) => emitter.emit(event, { time: TIME, ...details }),
  };
}

/** The app's pino, and what it has written. */
function createPino() {
  const stream = new PassThrough();
  const logger = pino({ base: null, serializers: stdSerializers }, stream);
  return { logger, read: () => String(stream.read() ?? '') };
}

describe('events in the app’s pino', () => {
  it('are objects with a sentence, and with pino’s own time', () => {
    const { auth, tell } = createTeller();
    const { logger, read } = createPino();
    auditToLogger(auth, logger);
    tell('login-failed', { user: 'jane', reason: 'wrong-password', from: '192.0.2.1', requestId: 'r1' });
    const text = read();
    expect(text.match(/"time":/g)).toHaveLength(1);
    expect(JSON.parse(text)).toEqual({
      level: 40,
      time: expect.any(Number),
      event: 'login-failed',
      user: 'jane',
      from: '192.0.2.1',
      requestId: 'r1',
      reason: 'wrong-password',
      msg: 'a login as "jane" failed: wrong-password',
    });
  });

  it('have users as plain objects, without their secrets', () => {
    const { auth, tell } = createTeller();
    const { logger, read } = createPino();
    auditToLogger(auth, logger);
    const jane = { name: 'jane', type: 'normal', permissions: ['api'], enabled: true } as const;
    const before = { ...jane, permissions: [], hash: '$2b$04$' };
    tell('user-changed', { by: 'root', user: jane, before, changed: ['permissions'] });
    const text = read();
    expect(text).not.toContain('$2b');
    expect(JSON.parse(text)).toMatchObject({
      level: 30,
      user: jane,
      before: { ...jane, permissions: [] },
      changed: ['permissions'],
      msg: 'user "jane" was changed by "root": permissions',
    });
  });
});

describe('events in a logger', () => {
  it('end when the returned function is called', () => {
    const { auth, tell } = createTeller();
    const logger = { info: vi.fn(), warn: vi.fn() };
    const end = auditToLogger(auth, logger);
    tell('login', { user: 'a', how: 'password' });
    end();
    tell('login', { user: 'b', how: 'password' });
    expect(logger.info.mock.calls).toEqual([[{ event: 'login', user: 'a', how: 'password' }, 'user "a" logged in']]);
    expect(logger.warn).not.toHaveBeenCalled();
  });

  it('reach the console as well', () => {
    const { auth, tell } = createTeller();
    const info = vi.spyOn(console, 'info').mockImplementation(() => {});
    auditToLogger(auth, console);
    tell('login', { user: 'a', how: 'password' });
    expect(info).toHaveBeenCalledWith({ event: 'login', user: 'a', how: 'password' }, 'user "a" logged in');
  });
});

describe('auditToLogger', () => {
  const { auth } = createTeller();

  it.each<[string, readonly unknown[], string]>([
    ['no logger', [auth], 'auditToLogger: a logger has the methods info and warn, as pino, bunyan and console have'],
    [
      'a logger that cannot warn',
      [auth, { info: () => {} }],
      'auditToLogger: a logger has the methods info and warn, as pino, bunyan and console have',
    ],
    ['no events', [{}, console], 'audit events come only from the middleware that kapacitorAuth() returns'],
    ['nothing', [undefined, console], 'audit events come only from the middleware that kapacitorAuth() returns'],
    ['a level', [auth, console, 'info'], 'auditToLogger takes auth and a logger, and no more arguments'],
  ])('refuses %s', (_what, given, message) => {
    expect(() => (auditToLogger as (...all: readonly unknown[]) => unknown)(...given)).toThrow(
      failure('CONFIG_INVALID', 500, message),
    );
  });
});

/** On a busy machine. */
const SOON = { timeout: 10_000 };

const exporter = new InMemoryLogRecordExporter();
const tracer = new BasicTracerProvider().getTracer('spec');

/** The recorded events, in order. */
const records = () => exporter.getFinishedLogRecords();

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor(exporter)] }));
});
afterEach(() => {
  exporter.reset();
  context.disable();
  logs.disable();
});

/** An app in which each request has a span that ends when its answer is sent, as instrumentation gives it one. */
async function serveTraced(spans: Map<string, Span>) {
  const auth = await createAuth();
  auditToOpenTelemetry(auth);
  const app = express()
    .use((req, res, next) => {
      const span = tracer.startSpan(req.path);
      spans.set(req.path, span);
      res.on('finish', () => span.end());
      context.with(trace.setSpan(context.active(), span), next);
    })
    .use(auth)
    .use((_req, res) => res.json({}));
  return serve(app);
}

describe('an event in OpenTelemetry', () => {
  it('is a log record with a name, a severity, a sentence and attributes of the conventions', () => {
    const { auth, tell } = createTeller();
    auditToOpenTelemetry(auth);
    const request = { from: '192.0.2.1', method: 'GET', path: '/kapacitor/v1/tasks', requestId: 'r1' };
    tell('login-failed', { user: 'jane', reason: 'wrong-password', ...request });
    expect(records()).toHaveLength(1);
    expect(records()[0]).toMatchObject({
      eventName: 'kapacitor_auth.login_failed',
      hrTime: [TIME.getTime() / 1_000, 0],
      severityText: 'WARN',
      severityNumber: 13,
      body: 'a login as "jane" failed: wrong-password',
      instrumentationScope: { name: 'kapacitor-auth' },
    });
    expect(records()[0]?.attributes).toEqual({
      'user.name': 'jane',
      'client.address': '192.0.2.1',
      'http.request.method': 'GET',
      'url.path': '/kapacitor/v1/tasks',
      'kapacitor_auth.request_id': 'r1',
      'kapacitor_auth.reason': 'wrong-password',
    });
  });

  it('has the parts of a user as attributes, and separates the acting user', () => {
    const { auth, tell } = createTeller();
    auditToOpenTelemetry(auth);
    const jane = { name: 'jane', type: 'normal', permissions: ['api'], enabled: true } as const;
    tell('user-changed', { by: 'root', user: jane, before: { ...jane, enabled: false }, changed: ['enabled'] });
    expect(records()[0]).toMatchObject({ eventName: 'kapacitor_auth.user_changed', severityText: 'INFO' });
    expect(records()[0]?.attributes).toEqual({
      'enduser.id': 'root',
      'user.name': 'jane',
      'kapacitor_auth.user.type': 'normal',
      'kapacitor_auth.user.permissions': ['api'],
      'kapacitor_auth.user.enabled': true,
      'kapacitor_auth.before.name': 'jane',
      'kapacitor_auth.before.type': 'normal',
      'kapacitor_auth.before.permissions': ['api'],
      'kapacitor_auth.before.enabled': false,
      'kapacitor_auth.changed': ['enabled'],
    });
  });

  it('belongs to the trace of its request, even if the span has ended or requests share a verification', async () => {
    const spans = new Map<string, Span>();
    const { send } = await serveTraced(spans);
    await Promise.all([
      send({ path: '/api/nobody', auth: 'nobody:pw' }),
      send({ path: '/api/wrong-1', auth: 'api:wrong' }),
      send({ path: '/api/wrong-2', auth: 'api:wrong' }),
      send({ path: '/api/without' }),
    ]);
    await expect.poll(records, SOON).toHaveLength(5);
    const found = records().map(({ eventName, attributes, spanContext }) => [
      [eventName, attributes['url.path']],
      spanContext,
    ]);
    const told = (path: string) => spans.get(path)?.spanContext();
    expect(found).toHaveLength(5);
    expect(found).toEqual(
      expect.arrayContaining([
        [['kapacitor_auth.login', '/api/nobody'], told('/api/nobody')],
        [['kapacitor_auth.denied', '/api/nobody'], told('/api/nobody')],
        [['kapacitor_auth.login_failed', '/api/wrong-1'], told('/api/wrong-1')],
        [['kapacitor_auth.login_failed', '/api/wrong-2'], told('/api/wrong-2')],
        [['kapacitor_auth.denied', '/api/without'], told('/api/without')],
      ]),
    );
  });

  it('is not written after the returned function is called', () => {
    const { auth, tell } = createTeller();
    const end = auditToOpenTelemetry(auth);
    end();
    tell('login', { user: 'jane', how: 'password' });
    expect(records()).toEqual([]);
  });

  it('is dropped without a LoggerProvider, which may be registered later', () => {
    logs.disable();
    const { auth, tell } = createTeller();
    auditToOpenTelemetry(auth);
    tell('login', { user: 'a', how: 'password' });
    logs.setGlobalLoggerProvider(new LoggerProvider({ processors: [new SimpleLogRecordProcessor(exporter)] }));
    tell('login', { user: 'b', how: 'password' });
    expect(records().map(({ attributes }) => attributes['user.name'])).toEqual(['b']);
  });
});

it('auditToOpenTelemetry refuses a logger', () => {
  const { auth } = createTeller();
  expect(() => (auditToOpenTelemetry as (...all: unknown[]) => unknown)(auth, console)).toThrow(
    failure('CONFIG_INVALID', 500, 'auditToOpenTelemetry takes auth, and no more arguments'),
  );
});
