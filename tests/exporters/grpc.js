// Calls a gRPC server by grpc-js with the protos given, and prints what came: node grpc.js PROTO-FOLDERS PROTO SERVICE PORT '[{"method":…,"request":…}]'.
'use strict';

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [folders, proto, service, port, calls] = process.argv.slice(2);
const definition = loader.loadSync(proto, { includeDirs: folders.split(path.delimiter), keepCase: true, longs: String, enums: String, bytes: String, defaults: true });
const Client = grpc.loadPackageDefinition(definition).jaeger.api_v2[service];
const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());

// Bytes are given as base64 under a name that ends in _id.
function withBytes(value) {
  if (Array.isArray(value)) {
    return value.map(withBytes);
  }
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, key.endsWith('_id') && typeof item === 'string' ? Buffer.from(item, 'base64') : withBytes(item)]));
  }
  return value;
}

function call({ method, request, deadlineMs }) {
  const options = { deadline: Date.now() + (deadlineMs ?? 30000) };
  return new Promise((resolve) => {
    if (Client.service[method].responseStream) {
      const answers = [];
      const stream = client[method](withBytes(request), options);
      stream.on('data', (answer) => answers.push(answer));
      stream.on('error', (error) => resolve({ method, code: error.code, details: error.details, answers }));
      stream.on('end', () => resolve({ method, code: 0, answers }));
    } else {
      client[method](withBytes(request), options, (error, answer) => resolve(error ? { method, code: error.code, details: error.details } : { method, code: 0, answers: [answer] }));
    }
  });
}

(async () => {
  const results = [];
  for (const one of JSON.parse(calls)) {
    results.push(await call(one));
  }
  console.log(JSON.stringify(results));
  client.close();
})();
