// Shared library of the js-libp2p test bed: one process, N nodes on loopback.
import './polyfill.mjs'
import net from 'node:net'
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'

const { createLibp2p } = await import('libp2p')
const { tcp } = await import('@libp2p/tcp')
const { webSockets } = await import('@libp2p/websockets')
const { noise } = await import('@chainsafe/libp2p-noise')
const { yamux } = await import('@chainsafe/libp2p-yamux')
const { mplex } = await import('@libp2p/mplex')
const { tls } = await import('@libp2p/tls')
const { identify, identifyPush } = await import('@libp2p/identify')
const { ping } = await import('@libp2p/ping')
const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht')
const { generateKeyPairFromSeed } = await import('@libp2p/crypto/keys')
const { peerIdFromString, peerIdFromPrivateKey, peerIdFromMultihash } = await import('@libp2p/peer-id')
const { multiaddr } = await import('@multiformats/multiaddr')
const { MemoryDatastore } = await import('datastore-core')
const { Libp2pRecord } = await import('@libp2p/record')
const { CID } = await import('multiformats/cid')
const raw = await import('multiformats/codecs/raw')
const { sha256 } = await import('multiformats/hashes/sha2')
const Digest = await import('multiformats/hashes/digest')
const { toString: u8ToString } = await import('uint8arrays/to-string')
const { fromString: u8FromString } = await import('uint8arrays/from-string')
const { createIPNSRecord, marshalIPNSRecord } = await import('ipns')
const { ipnsValidator } = await import('ipns/validator')
const { ipnsSelector } = await import('ipns/selector')

/** sends back what it gets, until the other side ends; for tests of streams and their windows */
export const ECHO = '/dht-tracer/echo/1.0.0'
const drained = stream => new Promise((resolve, reject) => {
  stream.addEventListener('drain', resolve, { once: true })
  stream.addEventListener('close', e => reject(e.error ?? new Error('closed')), { once: true })
})
export async function send (stream, bytes) { if (!stream.send(bytes)) await drained(stream) }
async function echo (stream) {
  try {
    for await (const part of stream) await send(stream, part)
    await stream.close()
  } catch (err) { stream.abort(err) }
}

export const KAD = '/ipfs/kad/1.0.0'
export { CID, Digest, sha256, raw, peerIdFromString, peerIdFromMultihash, multiaddr, u8ToString, u8FromString, Libp2pRecord }

/** /v/<anything>: any non-empty value is valid unless it starts with "bad"; the bytewise largest value wins. */
export const vValidator = async (key, value) => {
  if (value.byteLength === 0) throw new Error('empty value')
  if (u8ToString(value.subarray(0, 3)) === 'bad') throw new Error('value is marked bad')
}
export const vSelector = (key, records) => {
  let best = 0
  for (let i = 1; i < records.length; i++) if (Buffer.compare(records[i], records[best]) > 0) best = i
  return best
}

const seedOf = (seed, i) => createHash('sha256').update(`jsbed:${seed}:${i}`).digest()
// All nodes share one thread: on a busy machine seconds pass before it comes to a stream.
const PATIENCE_MS = 30000
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
export { sleep }

export class Bed extends EventEmitter {
  constructor (opts = {}) {
    super()
    this.opts = {
      n: 30,
      seed: 'jsbed',
      kBucketSize: 20,
      alpha: 10,
      disjointPaths: undefined,
      protocol: KAD,
      tls: false,
      mplex: false,
      ws: false,
      dials: 3, // how many earlier nodes each node dials
      monitorMs: 60000, // libp2p's default is 10000; each ping costs ~7 ms of CPU here. 0: no monitor
      identifyPush: true,
      patient: false, // a request may take as long as a busy machine takes: for networks without peers that never answer
      host: '127.0.0.1',
      metricsFor: () => undefined, // (index) => libp2p metrics factory
      ...opts
    }
    this.nodes = [] // { index, libp2p, port, state, key, datastore, blackhole }
  }

  async makeNode (index, { port = 0, client = false, listen = true, datastore } = {}) {
    const o = this.opts
    const key = await generateKeyPairFromSeed('Ed25519', seedOf(o.seed, index))
    const ds = datastore ?? new MemoryDatastore()
    const listenAddrs = !listen ? [] : [`/ip4/${o.host}/tcp/${port}`]
    if (listen && o.ws) listenAddrs.push(`/ip4/${o.host}/tcp/0/ws`)
    const init = {
      privateKey: key,
      datastore: ds,
      addresses: { listen: listenAddrs },
      transports: o.ws ? [tcp(), webSockets()] : [tcp()],
      connectionEncrypters: o.tls ? [noise(), tls()] : [noise()],
      streamMuxers: o.mplex ? [yamux(), mplex()] : [yamux()],
      connectionManager: {
        maxConnections: 2000,
        // defaults are 5/s per remote host and 10: everything here is one host
        inboundConnectionThreshold: Infinity,
        maxIncomingPendingConnections: 1000,
        inboundUpgradeTimeout: PATIENCE_MS,
        inboundStreamProtocolNegotiationTimeout: PATIENCE_MS,
        outboundStreamProtocolNegotiationTimeout: PATIENCE_MS,
        ...(o.patient ? { dialTimeout: PATIENCE_MS, addressDialTimeout: PATIENCE_MS } : {})
      },
      connectionMonitor: o.monitorMs > 0 ? { enabled: true, pingInterval: o.monitorMs } : { enabled: false },
      services: {
        identify: identify(),
        ...(o.identifyPush ? { identifyPush: identifyPush() } : {}),
        ping: ping(),
        dht: kadDHT({
          protocol: o.protocol,
          clientMode: client,
          kBucketSize: o.kBucketSize,
          alpha: o.alpha,
          ...(o.disjointPaths != null ? { disjointPaths: o.disjointPaths } : {}),
          peerInfoMapper: passthroughMapper,
          allowQueryWithZeroPeers: true,
          ...(o.patient ? { networkDialTimeout: { minTimeout: PATIENCE_MS, maxTimeout: PATIENCE_MS } } : {}),
          incomingMessageTimeout: PATIENCE_MS,
          initialQuerySelfInterval: o.initialQuerySelfInterval ?? 1000,
          validators: { v: vValidator, ipns: ipnsValidator },
          selectors: { v: vSelector, ipns: ipnsSelector }
        })
      }
    }
    const metrics = o.metricsFor(index)
    if (metrics != null) init.metrics = metrics
    const libp2p = await createLibp2p(init)
    await libp2p.handle(ECHO, echo, { maxInboundStreams: 1000, maxOutboundStreams: 1000 })
    const addr = libp2p.getMultiaddrs()[0]
    const entry = { index, libp2p, key, datastore: ds, client, listen, state: 'up', port: addr == null ? null : Number(addr.toString().match(/\/tcp\/(\d+)/)[1]) }
    return entry
  }

  async start () {
    const t0 = Date.now()
    const n = this.opts.n
    for (let i = 0; i < n; i += 10) {
      const batch = await Promise.all(Array.from({ length: Math.min(10, n - i) }, (_, k) => this.makeNode(i + k)))
      this.nodes.push(...batch)
    }
    const tListen = Date.now()
    await this.bootstrap()
    const tBoot = Date.now()
    return { listenMs: tListen - t0, bootstrapMs: tBoot - tListen, totalMs: tBoot - t0 }
  }

  /** node i dials node 0 and a few pseudo-random earlier nodes; then every node refreshes its table */
  async bootstrap () {
    const h = (i, k) => seedOf(this.opts.seed + ':dial', `${i}:${k}`).readUInt32BE(0)
    for (let i = 1; i < this.nodes.length; i++) {
      const targets = new Set([0])
      for (let k = 0; k < this.opts.dials; k++) targets.add(h(i, k) % i)
      await Promise.all([...targets].map(async j => {
        await this.nodes[i].libp2p.dial(this.nodes[j].libp2p.getMultiaddrs()).catch(err => this.emit('warn', `bootstrap dial ${i}->${j}: ${err.message}`))
      }))
    }
    // let identify finish so that the dialled peers are in the tables; then every node looks itself up
    // (that is what fills the tables), two at a time: this is bound by the CPU
    await this.settle(3000, 2)
    const jobs = [...this.nodes]
    await Promise.all(Array.from({ length: this.opts.lookups ?? 2 }, async () => {
      for (let e = jobs.shift(); e != null; e = jobs.shift()) {
        try { for await (const _ of e.libp2p.services.dht.getClosestPeers(e.libp2p.peerId.toMultihash().bytes, { signal: AbortSignal.timeout(20000) })); } catch (err) { this.emit('warn', `self lookup ${e.index}: ${err.message}`) }
      }
    }))
    await this.settle(5000)
  }

  /** wait until every routing table has stopped growing (or the time is over) */
  async settle (maxMs = 15000, minEach = Math.min(this.nodes.length - 1, 8)) {
    const end = Date.now() + maxMs
    let last = -1
    let stable = 0
    while (Date.now() < end) {
      const sizes = this.up().map(e => e.libp2p.services.dht.routingTable.size)
      const sum = sizes.reduce((a, b) => a + b, 0)
      const min = Math.min(...sizes)
      stable = (sum === last) ? stable + 1 : 0
      last = sum
      if (min >= minEach && stable >= 4) return
      await sleep(250)
    }
  }

  up () { return this.nodes.filter(e => e.state === 'up' || e.state === 'slow' || e.state === 'mute') }

  node (i) {
    const e = this.nodes[i]
    if (e == null) throw new Error(`no node ${i}`)
    return e
  }

  live (i) {
    const e = this.node(i)
    if (e.libp2p == null) throw new Error(`node ${i} is ${e.state}`)
    return e
  }

  peerId (i) { return peerIdFromPrivateKey(this.node(i).key) }

  describe (e) {
    return {
      index: e.index,
      peerId: peerIdFromPrivateKey(e.key).toString(),
      state: e.state,
      client: e.client,
      port: e.port,
      multiaddrs: e.libp2p == null ? [`/ip4/${this.opts.host}/tcp/${e.port}/p2p/${peerIdFromPrivateKey(e.key)}`] : e.libp2p.getMultiaddrs().map(String)
    }
  }

  async addNode ({ client = false, listen = true, bootstrap = [0] } = {}) {
    const e = await this.makeNode(this.nodes.length, { client, listen })
    this.nodes.push(e)
    for (const j of bootstrap) await e.libp2p.dial(this.node(j).libp2p.getMultiaddrs())
    // identify and the first ping run after the dial: wait until the new node knows somebody
    for (const end = Date.now() + 3000; bootstrap.length > 0 && e.libp2p.services.dht.routingTable.size === 0 && Date.now() < end;) await sleep(20)
    return e
  }

  async stopNode (i) {
    const e = this.live(i)
    e.state = 'stopping'
    await e.libp2p.stop()
    e.libp2p = null
    e.state = 'down'
  }

  async startNode (i) {
    const old = this.node(i)
    if (old.libp2p != null) throw new Error(`node ${i} is ${old.state}`)
    await this.closeBlackhole(old)
    const e = await this.makeNode(i, { port: old.port ?? 0, client: old.client, listen: old.listen, datastore: old.datastore })
    this.nodes[i] = e
    for (const j of [0, 1, 2]) {
      if (j !== i && this.nodes[j]?.libp2p != null) await e.libp2p.dial(this.nodes[j].libp2p.getMultiaddrs()).catch(() => {})
    }
    return e
  }

  /** stop node i and keep its TCP port open: connections are accepted and never answered */
  async blackhole (i) {
    const e = this.node(i)
    if (e.libp2p != null) await this.stopNode(i)
    e.sockets = new Set()
    e.blackhole = net.createServer(s => { e.sockets.add(s); s.on('error', () => {}); s.on('close', () => e.sockets.delete(s)); s.resume() })
    await new Promise((resolve, reject) => { e.blackhole.once('error', reject); e.blackhole.listen(e.port, this.opts.host, resolve) })
    e.state = 'blackhole'
  }

  async closeBlackhole (e) {
    if (e.blackhole == null) return
    for (const s of e.sockets) s.destroy()
    await new Promise(resolve => e.blackhole.close(resolve))
    e.blackhole = null
  }

  /** the node keeps its connections, but answers DHT requests only after ms (Infinity: never; 0: normal again) */
  async slow (i, ms) {
    const e = this.live(i)
    const dht = e.libp2p.services.dht
    await e.libp2p.unhandle(this.opts.protocol)
    const inner = dht.rpc.onIncomingStream.bind(dht.rpc)
    await e.libp2p.handle(this.opts.protocol, async (stream, connection) => {
      if (ms === Infinity) return new Promise(() => {})
      if (ms > 0) await sleep(ms)
      return inner(stream, connection)
    }, { maxInboundStreams: 32, maxOutboundStreams: 64 })
    e.state = ms === Infinity ? 'mute' : ms > 0 ? 'slow' : 'up'
  }

  async stop () {
    for (const e of this.nodes) await this.closeBlackhole(e)
    await Promise.all(this.nodes.map(async e => {
      if (e.libp2p == null) return
      const lib = e.libp2p
      e.libp2p = null
      e.state = 'down'
      await Promise.race([lib.stop(), sleep(4000)])
    }))
  }

  async ipnsRecord (i, value, seq = 1n, lifetimeMs = 3600_000) {
    const e = this.node(i)
    const record = await createIPNSRecord(e.key, value, seq, lifetimeMs)
    const mh = peerIdFromPrivateKey(e.key).toMultihash().bytes
    const key = new Uint8Array([...u8FromString('/ipns/'), ...mh])
    return { key, value: marshalIPNSRecord(record) }
  }
}

// ---------- conversions used by the command line and the captures

export async function cidOf (text) {
  return CID.createV1(raw.code, await sha256.digest(u8FromString(text)))
}

/** keys: "hex:..", "b64:..", "/v/..", "/pk/<peer id>", "/ipns/<peer id>", a CID, a peer id, or plain text */
export function keyBytes (k) {
  if (k.startsWith('hex:')) return u8FromString(k.slice(4), 'base16')
  if (k.startsWith('b64:')) return u8FromString(k.slice(4), 'base64pad')
  const m = /^\/(pk|ipns)\/(12D3|Qm|16Uiu2|k)[A-Za-z0-9]+$/.exec(k)
  if (m != null) return new Uint8Array([...u8FromString(`/${m[1]}/`), ...peerIdFromString(k.split('/')[2]).toMultihash().bytes])
  if (/^(12D3Koo|16Uiu2HA)/.test(k)) return peerIdFromString(k).toMultihash().bytes
  if (/^(Qm|baf)/.test(k)) return CID.parse(k).multihash.bytes
  return u8FromString(k)
}

export function showPeer (p) {
  return { id: p.id.toString(), multiaddrs: p.multiaddrs.map(String) }
}

export function showEvent (event, t) {
  const out = { t, name: event.name }
  if (event.messageName != null) out.message = event.messageName
  if (event.to != null) out.to = event.to.toString()
  if (event.from != null) out.from = event.from.toString()
  if (event.peer != null) {
    if (event.peer.multiaddrs != null) { out.peer = event.peer.id.toString(); out.multiaddrs = event.peer.multiaddrs.map(String) } else out.peer = event.peer.toString()
  }
  if (event.closer != null) out.closer = event.closer.map(p => p.id.toString())
  if (event.providers != null) out.providers = event.providers.map(showPeer)
  if (event.record != null) out.record = { key: u8ToString(event.record.key, 'base64pad'), value: u8ToString(event.record.value, 'base64pad'), timeReceived: event.record.timeReceived }
  if (event.value != null) out.value = u8ToString(event.value, 'base64pad')
  if (event.error != null) out.error = { name: event.error.name, message: event.error.message }
  if (event.path != null) out.path = event.path
  return out
}
