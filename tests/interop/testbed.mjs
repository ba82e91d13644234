// js-libp2p test bed: N kad-dht server nodes on loopback, driven by JSON lines on stdin.
//   node testbed.mjs [--n 30] [--seed s] [--k 20] [--alpha 10] [--paths 10] [--tls] [--mplex] [--ws] [--patient]
//                    [--trace-url http://127.0.0.1:4318/v1/traces [--trace-nodes all|0,1,..]] [--monitor-ms 60000]
// One JSON line per answer on stdout; diagnostics on stderr; exit 0 on stdin end / quit / SIGTERM,
// 1 when the bed did not start, 2 on an unexpected error.
import readline from 'node:readline'
import { parseArgs } from 'node:util'

const { values: args } = parseArgs({
  options: {
    n: { type: 'string', default: '30' },
    seed: { type: 'string', default: 'jsbed' },
    k: { type: 'string', default: '20' },
    alpha: { type: 'string', default: '10' },
    paths: { type: 'string' },
    dials: { type: 'string', default: '3' },
    protocol: { type: 'string', default: '/ipfs/kad/1.0.0' },
    tls: { type: 'boolean', default: false },
    mplex: { type: 'boolean', default: false },
    ws: { type: 'boolean', default: false },
    patient: { type: 'boolean', default: false },
    'monitor-ms': { type: 'string', default: '60000' },
    'trace-url': { type: 'string' },
    'trace-nodes': { type: 'string', default: 'all' },
    'max-seconds': { type: 'string' }
  }
})

let bed
let closing = false
let provider
const say = obj => { process.stdout.write(JSON.stringify(obj, (k, v) => typeof v === 'bigint' ? v.toString() : v) + '\n') }
const mem = () => { const m = process.memoryUsage(); return { rssMb: Math.round(m.rss / 1e6), heapMb: Math.round(m.heapUsed / 1e6) } }

async function shutdown (code, why) {
  if (closing) return
  closing = true
  const hard = setTimeout(() => process.exit(code), 8000)
  hard.unref()
  try { await bed?.stop() } catch (err) { console.error('stop:', err) }
  try { await provider?.shutdown() } catch (err) { console.error('trace shutdown:', err.message) }
  say({ event: 'bye', why, code })
  process.stdout.write('', () => process.exit(code))
}
process.on('SIGTERM', () => shutdown(0, 'SIGTERM'))
process.on('SIGINT', () => shutdown(0, 'SIGINT'))
process.stdout.on('error', err => process.exit(err.code === 'EPIPE' ? 0 : 2))
process.on('uncaughtException', err => { console.error('uncaughtException', err); shutdown(2, 'uncaughtException') })
let rejections = 0
process.on('unhandledRejection', err => { rejections++; console.error('unhandledRejection', err?.stack ?? err) })

const B = await import('./bed.mjs')
const { Bed, cidOf, keyBytes, showEvent, showPeer, u8ToString, u8FromString, peerIdFromString, multiaddr, CID } = B

let metricsFactory
if (args['trace-url'] != null) {
  const t = await import('./tracing.mjs')
  provider = await t.otlpJson(args['trace-url'])
  metricsFactory = t.metricsFactory
}
const traced = i => metricsFactory != null && (args['trace-nodes'] === 'all' || args['trace-nodes'].split(',').includes(String(i)))

try {
  bed = new Bed({
    n: Number(args.n), seed: args.seed, kBucketSize: Number(args.k), alpha: Number(args.alpha),
    disjointPaths: args.paths == null ? undefined : Number(args.paths), dials: Number(args.dials), protocol: args.protocol,
    tls: args.tls, mplex: args.mplex, ws: args.ws, patient: args.patient, monitorMs: Number(args['monitor-ms']),
    metricsFor: i => traced(i) ? metricsFactory : undefined
  })
  bed.on('warn', m => console.error('warn:', m))
  const started = await bed.start()
  const sizes = bed.nodes.map(e => e.libp2p.services.dht.routingTable.size)
  say({
    event: 'ready', pid: process.pid, n: bed.nodes.length, protocol: args.protocol, ...started, ...mem(),
    routingTable: { min: Math.min(...sizes), max: Math.max(...sizes) },
    nodes: bed.nodes.map(e => bed.describe(e))
  })
} catch (err) {
  console.error('start failed', err)
  await shutdown(1, 'start failed')
}
if (args['max-seconds'] != null) setTimeout(() => shutdown(0, 'max-seconds'), Number(args['max-seconds']) * 1000).unref()

/** runs a kad-dht generator and reports its events */
async function drive (cmd, make) {
  const e = bed.live(cmd.node)
  const options = { signal: AbortSignal.timeout(cmd.timeout ?? 30000) }
  if (cmd.useCache != null) options.useCache = cmd.useCache
  if (e.libp2p.metrics?.createTrace != null && cmd.trace !== false) options.trace = e.libp2p.metrics.createTrace()
  const t0 = performance.now()
  const events = []
  const counts = {}
  const out = {}
  let error
  try {
    for await (const event of make(e.libp2p.services.dht, options)) {
      const t = Math.round((performance.now() - t0) * 1000) / 1000
      counts[event.name] = (counts[event.name] ?? 0) + 1
      events.push(showEvent(event, t))
      if (event.name === 'PROVIDER') (out.providers ??= []).push(...event.providers.map(showPeer))
      if (event.name === 'VALUE') out.value = u8ToString(event.value)
      if (event.name === 'FINAL_PEER') (out.peers ??= []).push(showPeer(event.peer))
      if (cmd.stopAfter === event.name) break
    }
  } catch (err) { error = { name: err.name, message: err.message } }
  return { ms: Math.round((performance.now() - t0) * 1000) / 1000, ...out, counts, ...(error != null ? { error } : {}), ...(cmd.events === false ? {} : { events }) }
}

const peerOf = p => typeof p === 'number' ? bed.peerId(p) : peerIdFromString(p)
const cidArg = async cmd => cmd.cid != null ? CID.parse(cmd.cid) : cidOf(cmd.data ?? 'jsbed')
const valueArg = cmd => cmd.valueB64 != null ? u8FromString(cmd.valueB64, 'base64pad') : u8FromString(cmd.value ?? 'hello')

const commands = {
  async help () { return { commands: Object.keys(commands) } },
  async nodes () { return { nodes: bed.nodes.map(e => bed.describe(e)) } },
  async info () { return { ...mem(), up: bed.up().length, rejections, nodes: bed.nodes.map(e => e.libp2p == null ? { index: e.index, state: e.state } : { index: e.index, state: e.state, routingTable: e.libp2p.services.dht.routingTable.size, connections: e.libp2p.getConnections().length }) } },
  async provide (c) { const cid = await cidArg(c); return { cid: cid.toString(), ...await drive(c, (d, o) => d.provide(cid, o)) } },
  async findProviders (c) { const cid = await cidArg(c); return { cid: cid.toString(), ...await drive(c, (d, o) => d.findProviders(cid, o)) } },
  async findPeer (c) { const p = peerOf(c.peer); return { peer: p.toString(), ...await drive({ useCache: false, ...c }, (d, o) => d.findPeer(p, o)) } },
  async getClosestPeers (c) { return drive(c, (d, o) => d.getClosestPeers(c.peer != null ? peerOf(c.peer).toMultihash().bytes : keyBytes(c.key), o)) },
  async put (c) { return drive(c, (d, o) => d.put(keyBytes(c.key), valueArg(c), o)) },
  async get (c) { return drive(c, (d, o) => d.get(keyBytes(c.key), o)) },
  async putIpns (c) {
    const r = await bed.ipnsRecord(c.node, c.value ?? '/ipfs/bafkqaaa', BigInt(c.seq ?? 1), c.lifetimeMs)
    return { key: u8ToString(r.key, 'base64pad'), recordB64: u8ToString(r.value, 'base64pad'), ...await drive(c, (d, o) => d.put(r.key, r.value, o)) }
  },
  // the non-DHT-level entry points: these stop a query early (see the report on tracing)
  async routingFindPeer (c) {
    const e = bed.live(c.node); const t0 = performance.now()
    const o = { useCache: false, signal: AbortSignal.timeout(c.timeout ?? 30000) }
    if (e.libp2p.metrics?.createTrace != null) o.trace = e.libp2p.metrics.createTrace()
    const p = await e.libp2p.peerRouting.findPeer(peerOf(c.peer), o)
    return { ms: performance.now() - t0, found: p == null ? null : showPeer(p) }
  },
  async localProviders (c) { const cid = await cidArg(c); return { providers: (await bed.live(c.node).libp2p.services.dht.providers.getProviders(cid)).map(String) } },
  async localRecord (c) {
    const e = bed.live(c.node)
    try { const r = await e.libp2p.services.dht.contentFetching.getLocal(keyBytes(c.key)); return { value: u8ToString(r.value), valueB64: u8ToString(r.value, 'base64pad'), timeReceived: r.timeReceived } } catch (err) { return { value: null, error: { name: err.name, message: err.message } } }
  },
  async whoHas (c) { // which nodes store a provider record (cid/data) or a value record (key) right now
    const cid = c.key == null ? await cidArg(c) : null
    const holders = []
    for (const e of bed.nodes) {
      if (e.libp2p == null) continue
      if (cid != null) { const p = await e.libp2p.services.dht.providers.getProviders(cid); if (p.length > 0) holders.push({ node: e.index, providers: p.map(String) }) } else { try { const r = await e.libp2p.services.dht.contentFetching.getLocal(keyBytes(c.key)); holders.push({ node: e.index, value: u8ToString(r.value) }) } catch {} }
    }
    return { holders }
  },
  async peerStore (c) { // what node i has learned about a peer (identify results of a foreign node, for one)
    const e = bed.live(c.node); const p = await e.libp2p.peerStore.get(peerOf(c.peer))
    return { protocols: p.protocols, addresses: p.addresses.map(a => ({ multiaddr: a.multiaddr.toString(), certified: a.isCertified })), metadata: Object.fromEntries([...p.metadata].map(([k, v]) => [k, u8ToString(v)])), tags: [...p.tags.keys()], signedRecord: p.peerRecordEnvelope != null }
  },
  async routingTable (c) { const e = bed.live(c.node); return { peers: [...e.libp2p.services.dht.routingTable.kb.toIterable()].map(p => p.peerId.toString()) } },
  async connections (c) { return { connections: bed.live(c.node).libp2p.getConnections().map(x => ({ peer: x.remotePeer.toString(), addr: x.remoteAddr.toString(), direction: x.direction, encryption: x.encryption, multiplexer: x.multiplexer, status: x.status, streams: x.streams.map(s => ({ protocol: s.protocol, direction: s.direction, status: s.status })) })) } },
  async dial (c) { const t0 = performance.now(); const x = await bed.live(c.node).libp2p.dial(multiaddr(c.addr), { signal: AbortSignal.timeout(c.timeout ?? 10000) }); return { ms: performance.now() - t0, peer: x.remotePeer.toString(), encryption: x.encryption, multiplexer: x.multiplexer } },
  async ping (c) { return { rttMs: await bed.live(c.node).libp2p.services.ping.ping(c.addr != null ? multiaddr(c.addr) : peerOf(c.peer), { signal: AbortSignal.timeout(c.timeout ?? 10000) }) } },
  async identify (c) { // run identify against a peer node i is connected to
    const e = bed.live(c.node); const conn = e.libp2p.getConnections(peerOf(c.peer))[0]
    if (conn == null) throw new Error('not connected')
    const r = await e.libp2p.services.identify.identify(conn)
    return { protocolVersion: r.protocolVersion, agentVersion: r.agentVersion, listenAddrs: r.listenAddrs.map(String), observedAddr: r.observedAddr?.toString(), protocols: r.protocols, signedPeerRecord: r.signedPeerRecord && { seq: r.signedPeerRecord.seq.toString(), addresses: r.signedPeerRecord.addresses.map(String) } }
  },
  async echo (c) { // sends bytes to a peer on several streams at once, and compares what comes back
    const e = bed.live(c.node); const t0 = performance.now(); const signal = AbortSignal.timeout(c.timeout ?? 30000)
    const results = await Promise.all(Array.from({ length: c.streams ?? 1 }, async (_, i) => {
      const sent = new Uint8Array(c.bytes ?? 1000).map((_, at) => (at * 7 + i) & 255)
      const stream = await e.libp2p.dialProtocol(c.addr != null ? multiaddr(c.addr) : peerOf(c.peer), B.ECHO, { signal })
      const writing = (async () => { for (let at = 0; at < sent.length; at += 50000) await B.send(stream, sent.subarray(at, at + 50000)); await stream.close({ signal }) })()
      const parts = []
      for await (const part of stream) parts.push(part.subarray())
      await writing
      return Buffer.compare(Buffer.concat(parts), sent) === 0
    }))
    return { ms: performance.now() - t0, streams: results.length, same: results.filter(Boolean).length }
  },
  async hangUp (c) { await bed.live(c.node).libp2p.hangUp(peerOf(c.peer)); return {} },
  async stop (c) { await bed.stopNode(c.node); return {} },
  async start (c) { return bed.describe(await bed.startNode(c.node)) },
  async blackhole (c) { await bed.blackhole(c.node); return {} },
  async slow (c) { await bed.slow(c.node, c.ms === 'inf' || c.ms === null ? Infinity : Number(c.ms ?? 1000)); return { state: bed.node(c.node).state } },
  async add (c) { return bed.describe(await bed.addNode({ client: c.client ?? false, listen: c.listen ?? true, bootstrap: c.bootstrap ?? [0] })) },
  async settle (c) { await bed.settle(c.ms); return {} },
  async sleep (c) { await B.sleep(c.ms ?? 1000); return {} },
  async flush () { await provider?.forceFlush(); return {} }
}

// commands run one after another, except those with "async": true
let queue = Promise.resolve()
const inFlight = new Set()
async function run (cmd) {
  const t0 = Date.now()
  const base = { id: cmd.id ?? null, cmd: cmd.cmd, ...(cmd.node != null ? { node: cmd.node } : {}) }
  const fn = Object.hasOwn(commands, cmd.cmd) ? commands[cmd.cmd] : null
  if (fn == null) { say({ ...base, ok: false, error: { name: 'UnknownCommand', message: String(cmd.cmd) } }); return }
  try {
    const r = await fn(cmd)
    say({ ...base, ok: r?.error == null || cmd.cmd === 'localRecord', totalMs: Date.now() - t0, ...r })
  } catch (err) { say({ ...base, ok: false, totalMs: Date.now() - t0, error: { name: err.name, message: err.message } }) }
}
if (!closing) {
  const rl = readline.createInterface({ input: process.stdin, crlfDelay: Infinity })
  rl.on('line', line => {
    if (line.trim() === '') return
    let cmd
    try { cmd = JSON.parse(line) } catch (err) { say({ id: null, ok: false, error: { name: 'BadJson', message: err.message } }); return }
    if (cmd == null || typeof cmd !== 'object') { say({ id: null, ok: false, error: { name: 'BadJson', message: 'not an object' } }); return }
    if (cmd.cmd === 'quit') { queue = queue.then(() => shutdown(cmd.code ?? 0, 'quit')); return }
    if (cmd.async === true) { const p = run(cmd).finally(() => inFlight.delete(p)); inFlight.add(p) } else queue = queue.then(() => closing ? undefined : run(cmd))
  })
  rl.on('close', () => { queue = queue.then(async () => { await Promise.all(inFlight); await shutdown(0, 'stdin closed') }) })
}
