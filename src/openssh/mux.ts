import {connect} from 'node:net'

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

/** `yes`: it did as asked. `no`: nobody listens, or what listens is no master. `silent`: nothing came within the time. */
export type MasterAnswer = 'yes' | 'no' | 'silent'

/** Asks the master behind a control socket, without starting a program. */
export function askMaster(
  controlPath: string,
  request: keyof typeof REQUESTS,
  {timeoutMs = 300} = {},
): Promise<MasterAnswer> {
  return new Promise((resolve) => {
    const socket = connect(controlPath)
    const timer = setTimeout(() => end('silent'), timeoutMs)
    const end = (answer: MasterAnswer): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    let received: Buffer = Buffer.alloc(0)
    socket.on('error', () => end('no'))
    socket.on('close', () => end('no'))
    socket.on('connect', () => socket.write(Buffer.concat([packet(HELLO, VERSION), packet(REQUESTS[request].type, 0)])))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      for (let message = takePacket(received); message !== undefined; message = takePacket(received)) {
        received = message.rest
        if (message.type !== HELLO) return end(message.type === REQUESTS[request].answer ? 'yes' : 'no')
      }
      if (received.length > 65_536) end('no')
    })
  })
}

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
