import {connect, type Socket} from 'node:net'

/** OpenSSH's PROTOCOL.mux: the numbers of what we ask and of what comes back. */
const HELLO = 0x00000001
const VERSION = 4
const REQUESTS = {
  /** Is the master there? Answered with its pid. */
  check: {type: 0x10000004, answer: 0x80000005},
  /** End now, with everything that runs over it. */
  exit: {type: 0x10000005, answer: 0x80000001},
  /** Take no new clients; what runs goes on, and the master ends with the last of it. */
  stop: {type: 0x10000009, answer: 0x80000001},
} as const
/** Hand on messages of SSH from now on. */
const PROXY = {type: 0x1000000f, answer: 0x8000000f}
const NOTHING = Buffer.alloc(0)

/** `yes`: it did as asked. `no`: nobody listens, or what listens is no master. `silent`: nothing came within the time. */
export type MasterAnswer = 'yes' | 'no' | 'silent'

/** Asks the master behind a control socket, without starting a program. */
export async function askMaster(
  controlPath: string,
  question: keyof typeof REQUESTS,
  {timeoutMs = 300} = {},
): Promise<MasterAnswer> {
  const {answer, socket} = await request(controlPath, REQUESTS[question], {timeoutMs, further: NOTHING})
  socket.destroy()
  return answer
}

/** A connection that carries messages of SSH. */
export interface MuxProxy {
  readonly socket: Socket
  /** What has been received of it. */
  readonly received: Buffer
}

/**
 * Has the master hand on SSH messages of our own (PROTOCOL.mux, "Requesting proxy mode"), and sends the first ones along.
 * Undefined where no master answers in time, or one that cannot (OpenSSH before 7.4).
 */
export async function openProxy(
  controlPath: string,
  further: Buffer,
  {timeoutMs = 300} = {},
): Promise<MuxProxy | undefined> {
  const {answer, socket, received} = await request(controlPath, PROXY, {timeoutMs, further})
  if (answer === 'yes') return {socket, received}
  socket.destroy()
  return undefined
}

interface Asked extends MuxProxy {
  readonly answer: MasterAnswer
}

const request = (
  controlPath: string,
  {type, answer}: {type: number; answer: number},
  {timeoutMs, further}: {timeoutMs: number; further: Buffer},
): Promise<Asked> =>
  new Promise((resolve) => {
    const socket = connect(controlPath)
    let received: Buffer = NOTHING
    const end = (how: MasterAnswer): void => {
      clearTimeout(timer)
      // From here on it is somebody else's, whom an error tells nothing that the end does not.
      socket.removeAllListeners().on('error', () => undefined)
      resolve({answer: how, socket: socket.pause(), received})
    }
    const timer = setTimeout(() => end('silent'), timeoutMs)
    socket.on('error', () => end('no'))
    socket.on('close', () => end('no'))
    socket.on('connect', () => socket.write(Buffer.concat([packet(HELLO, VERSION), packet(type, 0), further])))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      for (let message = takePacket(received); message !== undefined; message = takePacket(received)) {
        received = message.rest
        if (message.type !== HELLO) return end(message.type === answer ? 'yes' : 'no')
      }
      if (received.length > 65_536) end('no')
    })
  })

/** Two numbers behind a length: a hello with its version, or a request with its id. */
const packet = (type: number, argument: number): Buffer => {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(8, 0)
  bytes.writeUInt32BE(type, 4)
  bytes.writeUInt32BE(argument, 8)
  return bytes
}

const takePacket = (bytes: Buffer): {type: number; rest: Buffer} | undefined => {
  if (bytes.length < 8) return undefined
  const end = 4 + bytes.readUInt32BE(0)
  return bytes.length < end ? undefined : {type: bytes.readUInt32BE(4), rest: bytes.subarray(end)}
}
