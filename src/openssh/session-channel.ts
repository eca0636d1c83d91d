import type {Ending} from '../core/process.ts'
import {boolean, type Fields, MESSAGE, MessageReader, message, string, uint32} from './connection-messages.ts'
import {Incoming, Window} from './incoming.ts'
import {type MuxProxy, openProxy} from './mux.ts'

/** What may be on its way to us, as with ssh itself. */
const WINDOW_BYTES = 2 << 20
const LARGEST_PACKET_BYTES = 32_768
/** Our only channel; the master gives it a number of its own. */
const OURS = 0
const SESSION_OPEN = message(
  MESSAGE.open,
  string('session'),
  uint32(OURS),
  uint32(WINDOW_BYTES),
  uint32(LARGEST_PACKET_BYTES),
)
/** SSH_EXTENDED_DATA_STDERR of RFC 4254 5.2. */
const STDERR = 1
/** What ssh itself ends with where the far side did not tell a status (ssh(1), EXIT STATUS). */
const NO_STATUS = 255

/**
 * A session over a master, without an ssh of its own: this process speaks SSH's connection protocol (RFC 4254) through the
 * control socket. Its end, in whatever way, closes the channel.
 */
export class SessionChannel {
  readonly stdout = new Incoming((sizeBytes) => this.#giveBack(sizeBytes))
  readonly stderr = new Incoming((sizeBytes) => this.#giveBack(sizeBytes))
  /** How it ended: with the status that the far side told, 255 where it told none. */
  readonly ending: Promise<Ending>
  readonly #proxy: MuxProxy
  /** Its number on the far side. */
  #theirs = 0
  /** What it takes now, and at once. */
  #windowBytes = 0
  #packetBytes = 0
  readonly #window = new Window(WINDOW_BYTES)
  #status: Ending = {kind: 'exited', code: NO_STATUS}
  #isClosed = false
  /** The far side reads no more of what we send. */
  #isDeaf = false
  /** To an open or an exec. */
  #answer: boolean | undefined
  /** Those who wait for an answer, or for a larger window. */
  #waiting: readonly (() => void)[] = []

  private constructor(proxy: MuxProxy) {
    const {socket, received} = proxy
    this.#proxy = proxy
    const reader = new MessageReader(received)
    const read = (chunk: Buffer): void => {
      try {
        for (const {type, fields} of reader.read(chunk)) this.#take(type, fields)
      } catch {
        // What is no message of SSH comes from no master.
        socket.destroy()
      }
    }
    this.ending = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true
        this.stdout.end()
        this.stderr.end()
        this.#wake()
        resolve(this.#status)
      })
    })
    socket.on('drain', () => this.#wake())
    socket.on('data', read)
    read(Buffer.alloc(0))
    socket.resume()
  }

  /** `none`: no master opened one. `silent`: one tried, and the far side said nothing within the time. Nothing was run then. */
  static async open(controlPath: string, {timeoutMs = 10_000} = {}): Promise<SessionChannel | 'none' | 'silent'> {
    const proxy = await openProxy(controlPath, SESSION_OPEN)
    if (proxy === undefined) return 'none'
    const channel = new SessionChannel(proxy)
    let isSilent = false
    const timer = setTimeout(() => {
      isSilent = true
      channel.kill()
    }, timeoutMs)
    const isOpen = await channel.#answered()
    clearTimeout(timer)
    if (isOpen) return channel
    channel.kill()
    return isSilent ? 'silent' : 'none'
  }

  /** Starts a command line, once. False where the far side refused; undefined where the connection ended before it said. */
  async exec(line: string): Promise<boolean | undefined> {
    void this.#send(MESSAGE.request, string('exec'), boolean(true), string(line))
    return this.#answered()
  }

  /** Sends bytes as fast as the far side takes them; false where it takes no more. */
  async write(chunk: Buffer): Promise<boolean> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#isDeaf || this.#isClosed) return false
      const size = Math.min(this.#windowBytes, this.#packetBytes, chunk.length - at)
      if (size > 0) {
        this.#windowBytes -= size
        await this.#send(MESSAGE.data, string(chunk.subarray(at, at + size)))
        at += size
      } else {
        await this.#change()
      }
    }
    return true
  }

  /** Nothing more will be sent. */
  end(): void {
    void this.#send(MESSAGE.eof)
  }

  /** Ends it at once; the master closes the channel. A signal cannot be had over every gateway (RFC 4254 6.9). */
  kill(): void {
    this.#proxy.socket.destroy()
  }

  async #answered(): Promise<boolean | undefined> {
    while (this.#answer === undefined && !this.#isClosed) await this.#change()
    const answer = this.#answer
    this.#answer = undefined
    return answer
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, resolve]
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  async #send(type: number, ...fields: readonly Buffer[]): Promise<void> {
    const {socket} = this.#proxy
    if (!this.#isClosed) socket.write(message(type, uint32(this.#theirs), ...fields))
    while (socket.writableNeedDrain && !this.#isClosed) await this.#change()
  }

  #giveBack(sizeBytes: number): void {
    const freedBytes = this.#window.free(sizeBytes)
    if (freedBytes > 0) void this.#send(MESSAGE.windowAdjust, uint32(freedBytes))
  }

  #take(type: number, fields: Fields): void {
    // Every message of a channel begins with our number for it.
    fields.uint32()
    if (type === MESSAGE.opened) this.#opened(fields)
    else if (type === MESSAGE.notOpened || type === MESSAGE.failure) this.#answer = false
    else if (type === MESSAGE.success) this.#answer = true
    else if (type === MESSAGE.windowAdjust) this.#windowBytes += fields.uint32()
    else if (type === MESSAGE.data) this.#receive(this.stdout, fields.string())
    else if (type === MESSAGE.extendedData) this.#extended(fields)
    else if (type === MESSAGE.request) this.#request(fields)
    else if (type === MESSAGE.close) this.#close()
    this.#wake()
  }

  #opened(fields: Fields): void {
    this.#theirs = fields.uint32()
    this.#windowBytes = fields.uint32()
    this.#packetBytes = fields.uint32()
    this.#answer = true
  }

  #extended(fields: Fields): void {
    const stream = fields.uint32() === STDERR ? this.stderr : undefined
    this.#receive(stream, fields.string())
  }

  #receive(stream: Incoming | undefined, bytes: Buffer): void {
    this.#window.fill(bytes.length)
    if (stream === undefined) this.#giveBack(bytes.length)
    else if (bytes.length > 0) stream.push(bytes)
  }

  #request(fields: Fields): void {
    const name = fields.string().toString('latin1')
    const wantsReply = fields.boolean()
    if (name === 'exit-status') this.#status = {kind: 'exited', code: fields.uint32() & 0xff}
    // OpenSSH's PROTOCOL, "eow@openssh.com": the command reads no more.
    if (name === 'eow@openssh.com') this.#isDeaf = true
    if (wantsReply) void this.#send(MESSAGE.failure)
  }

  #close(): void {
    void this.#send(MESSAGE.close)
    this.#proxy.socket.destroySoon()
  }
}
