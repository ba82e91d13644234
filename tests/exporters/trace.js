// The trace that every exporter sends: a lookup and its one failed request, with times in whole microseconds and with kinds that
// all of the formats can say.
'use strict';

const startSeconds = 1795000000;

exports.service = 'exporter-test';
exports.rootId = '00000000000000a1';
exports.childId = '00000000000000a2';

// Offsets in microseconds after startSeconds.
exports.root = { name: 'lookup', kind: 'server', start: 1000, end: 501000, tags: { 'peer.id': '12D3KooW-äöü', attempt: 3, found: true, ratio: 0.5 } };
exports.child = { name: 'request', kind: 'client', start: 101000, end: 201000, tags: { 'message type': 'FIND_NODE' }, event: { name: 'dialed', at: 151000, fields: { transport: 'tcp' } }, failed: 'peer hung up' };

/** [seconds, nanoseconds], as OpenTelemetry has it. */
exports.hrTime = (micros) => [startSeconds + Math.floor(micros / 1e6), (micros % 1e6) * 1000];

/** Milliseconds, as jaeger-client has it. */
exports.millis = (micros) => startSeconds * 1000 + micros / 1000;

/** A trace id that says by which way the trace came. */
exports.traceId = (way) => '5c7ae9106abff3d9f56f1187ef3e72' + way.toString(16).padStart(2, '0');
