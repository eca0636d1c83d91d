import {createRequire} from 'node:module'
import {connect, type Socket} from 'node:net'
import type {Client} from 'ssh2'

/** The parts of ssh2's own protocol engine by which a peer can be made to say anything. */
interface Engine {
  readonly _packetRW: {readonly write: {readonly allocStart: number; alloc(sizeBytes: number): Buffer}}
  readonly _cipher: {encrypt(packet: Buffer): void}
  _handlers: Record<string, unknown>
  readonly start: () => void
  rekey(): void
  readonly parse: (data: Buffer, start: number, length: number) => void
}

interface EngineOptions {
  readonly ident: string
  readonly onWrite: (data: Buffer) => void
  readonly onError: (error: Error) => void
  readonly onHandshakeComplete: () => void
  readonly messageHandlers: Record<string, unknown>
}

const Engine = createRequire(import.meta.url)('ssh2/lib/protocol/Protocol.js') as new (options: EngineOptions) => Engine

/** One end of an encrypted connection that sends any payload, and minds no answer. */
export interface RawPeer {
  readonly socket: Socket
  send(payload: Buffer): void
  /** Begins another key exchange, and does its part of it. */
  rekey(): void
}

/** A stranger: keys are exchanged, and nothing was said after that. Rejects where the connection closes first. */
export const rawStranger = (port: number): Promise<RawPeer> =>
  new Promise((resolve, reject) => {
    const socket = connect({port, host: '127.0.0.1', noDelay: true})
    const engine = new Engine({
      ident: 'attacker',
      messageHandlers: {},
      onWrite: (data) => void (socket.writable && socket.write(data)),
      onError: (error) => reject(error),
      onHandshakeComplete: () => resolve(peerOf(engine, socket)),
    })
    socket.on('connect', () => engine.start())
    socket.on('data', (data) => {
      try {
        engine.parse(data, 0, data.length)
      } catch {
        // What the server says to an attacker is of no interest.
      }
    })
    socket.on('error', () => undefined)
    socket.on('close', () => reject(new Error('closed before the keys were exchanged')))
  })

/** A client that was let in; it hears what `messageHandlers` are for, and nothing else from now on. */
export const rawClient = (client: Client, messageHandlers: Record<string, unknown> = {}): RawPeer => {
  const {_protocol: engine, _sock: socket} = client as unknown as {_protocol: Engine; _sock: Socket}
  engine._handlers = messageHandlers
  client.on('error', () => undefined)
  return peerOf(engine, socket)
}

const peerOf = (engine: Engine, socket: Socket): RawPeer => ({
  socket,
  send: (payload) => sendPayload(engine, payload),
  rekey: () => engine.rekey(),
})

const sendPayload = ({_packetRW: {write}, _cipher: cipher}: Engine, payload: Buffer): void => {
  const packet = write.alloc(payload.length)
  packet.set(payload, write.allocStart)
  cipher.encrypt(packet)
}

/** Fields of an SSH message (RFC 4251 section 5): a number is a uint32, a text or a buffer a string, a boolean a byte. */
export const message = (type: number, ...fields: readonly (number | string | boolean | Buffer)[]): Buffer =>
  Buffer.concat([Buffer.from([type]), ...fields.map(fieldOf)])

const fieldOf = (field: number | string | boolean | Buffer): Buffer => {
  if (typeof field === 'boolean') return Buffer.from([field ? 1 : 0])
  if (typeof field === 'number') return uint32(field)
  const bytes = Buffer.from(field)
  return Buffer.concat([uint32(bytes.length), bytes])
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** Message numbers (RFC 4250 section 4.1.2). */
export const SSH = {
  DISCONNECT: 1,
  IGNORE: 2,
  UNIMPLEMENTED: 3,
  DEBUG: 4,
  SERVICE_REQUEST: 5,
  EXT_INFO: 7,
  KEXINIT: 20,
  NEWKEYS: 21,
  KEXDH_INIT: 30,
  USERAUTH_REQUEST: 50,
  USERAUTH_INFO_RESPONSE: 61,
  GLOBAL_REQUEST: 80,
  CHANNEL_OPEN: 90,
  CHANNEL_OPEN_CONFIRMATION: 91,
  CHANNEL_OPEN_FAILURE: 92,
  CHANNEL_WINDOW_ADJUST: 93,
  CHANNEL_DATA: 94,
  CHANNEL_EXTENDED_DATA: 95,
  CHANNEL_EOF: 96,
  CHANNEL_CLOSE: 97,
  CHANNEL_REQUEST: 98,
} as const
