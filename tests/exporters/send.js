// Sends the trace by every exporter: node send.js '{"otlpHttp":4318,"otlpGrpc":4317,"binary":6832,"thriftHttp":14268}'.
'use strict';

const { SpanKind, SpanStatusCode, TraceFlags } = require('@opentelemetry/api');
const { Resource } = require('@opentelemetry/resources');
const trace = require('./trace.js');

const ports = JSON.parse(process.argv[2]);

function otelSpan(way, span, id, parentSpanId) {
  const resource = new Resource({ 'service.name': trace.service });
  const spanContext = { traceId: trace.traceId(way), spanId: id, traceFlags: TraceFlags.SAMPLED };
  const micros = span.end - span.start;
  return {
    name: span.name,
    kind: SpanKind[span.kind.toUpperCase()],
    spanContext: () => spanContext,
    parentSpanId,
    startTime: trace.hrTime(span.start),
    endTime: trace.hrTime(span.end),
    duration: [0, micros * 1000],
    status: span.failed ? { code: SpanStatusCode.ERROR, message: span.failed } : { code: SpanStatusCode.UNSET },
    attributes: span.tags,
    links: [],
    events: span.event ? [{ name: span.event.name, time: trace.hrTime(span.event.at), attributes: span.event.fields }] : [],
    ended: true,
    resource,
    instrumentationLibrary: { name: 'exporter-test-scope', version: '1.2.3' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

async function byOpenTelemetry(way, exporter) {
  const spans = [otelSpan(way, trace.root, trace.rootId), otelSpan(way, trace.child, trace.childId, trace.rootId)];
  await new Promise((resolve, reject) => exporter.export(spans, (result) => (result.code === 0 ? resolve() : reject(result.error ?? new Error(`way ${way} failed`)))));
  await exporter.shutdown();
}

async function byJaegerClient(way, reporter) {
  const { initTracer, SpanContext } = require('jaeger-client');
  const tracer = initTracer({ serviceName: trace.service, sampler: { type: 'const', param: 1 }, reporter, traceId128bit: true }, {});
  const context = (id, parent) => SpanContext.withStringIds(trace.traceId(way), id, parent, 1);
  const send = (span, id, parent) => {
    const made = tracer._startInternalSpan(context(id, parent), span.name, trace.millis(span.start), { ...span.tags, 'span.kind': span.kind }, {}, undefined, true, false);
    if (span.failed) {
      made.addTags({ error: true, 'otel.status_code': 'ERROR', 'otel.status_description': span.failed });
    }
    if (span.event) {
      made.log({ event: span.event.name, ...span.event.fields }, trace.millis(span.event.at));
    }
    made.finish(trace.millis(span.end));
  };
  send(trace.root, trace.rootId, null);
  send(trace.child, trace.childId, trace.rootId);
  await new Promise((resolve) => tracer.close(resolve));
}

async function main() {
  const { OTLPTraceExporter: Json } = require('@opentelemetry/exporter-trace-otlp-http');
  const { OTLPTraceExporter: Proto } = require('@opentelemetry/exporter-trace-otlp-proto');
  const { OTLPTraceExporter: Grpc } = require('@opentelemetry/exporter-trace-otlp-grpc');
  const { JaegerExporter } = require('@opentelemetry/exporter-jaeger');
  const host = '127.0.0.1';
  await byOpenTelemetry(1, new Json({ url: `http://${host}:${ports.otlpHttp}/v1/traces` }));
  await byOpenTelemetry(2, new Proto({ url: `http://${host}:${ports.otlpHttp}/v1/traces` }));
  await byOpenTelemetry(3, new Grpc({ url: `http://${host}:${ports.otlpGrpc}` }));
  await byOpenTelemetry(4, new JaegerExporter({ host, port: ports.binary }));
  await byOpenTelemetry(5, new JaegerExporter({ endpoint: `http://${host}:${ports.thriftHttp}/api/traces` }));
  await byJaegerClient(6, { agentHost: host, agentPort: ports.binary });
  await byJaegerClient(7, { collectorEndpoint: `http://${host}:${ports.thriftHttp}/api/traces` });
}

main().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
