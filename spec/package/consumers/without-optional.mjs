import assert from 'node:assert/strict';
import { auditToOpenTelemetry, ConfigError, kapacitorAuth } from 'kapacitor-auth';

const auth = kapacitorAuth({ auth: { store: 'memory:' } });
for (const [use, name] of [
  [() => auth.metrics.registerIn({ registerMetric() {}, getSingleMetric() {} }), 'prom-client'],
  [() => auditToOpenTelemetry(auth), '@opentelemetry/api-logs'],
]) {
  assert.throws(use, (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, new RegExp(`npm install ${name}\\b`));
    assert.equal(error.cause.code, 'MODULE_NOT_FOUND');
    return true;
  });
}
await auth.close();
console.log('nobody asked for them');
