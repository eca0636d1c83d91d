import {connect} from 'node:net'
import type {AttackedServer, Pass} from './attacked-server.ts'
import {type RawPeer, rawClient, rawStranger} from './raw-ssh.ts'
import {type Seeded, seeded} from './seeded.ts'
import {spoiledChannel, spoiledLogin, spoiledOpening} from './ssh-inputs.ts'

/** How many spoiled inputs of each kind. */
export interface Amounts {
  /** Openings, one a connection. */
  readonly openings: number
  /** Messages after the key exchange, before anybody is let in; eight a connection. */
  readonly logins: number
  /** Messages of a client that was let in; forty a connection. */
  readonly channels: number
}

const AT_A_TIME = 24

/** Sends spoiled inputs to the gateway of a server. The same seed sends the same. */
export async function fuzz(server: AttackedServer, pass: Pass, seed: number, amounts: Amounts): Promise<void> {
  const {gatewayPort: port} = server.facts
  const publicKey = Buffer.from(pass.publicKey.split(' ')[1] ?? '', 'base64')
  // Each connection has choices of its own, as their order among each other is not ours.
  const choices = (at: number): Seeded => seeded(seed + at * 7919)
  await inTurn(amounts.openings, (at) => sendOpening(port, spoiledOpening(choices(at))))
  await inTurn(Math.ceil(amounts.logins / 8), async (at) => {
    const random = choices(at)
    const payloads = Array.from({length: 8}, () => spoiledLogin(random, pass.user, publicKey))
    // Where the server is too busy with the others, it gives this one's place away.
    await sendAll(await rawStranger(port).catch(() => undefined), payloads)
  })
  await inTurn(Math.ceil(amounts.channels / 40), async (at) => {
    const random = choices(at)
    const payloads = Array.from({length: 40}, () => spoiledChannel(random, pickCommand(random)))
    const client = await server.enter(pass)
    await sendAll(rawClient(client), payloads)
  })
}

const pickCommand = (random: Seeded): string =>
  random.pick(['true', 'echo x', 'cat', 'yes | head -c 300000', 'sleep 1', 'kill -9 $$', '\0', 'x'.repeat(3000)])

const inTurn = async (count: number, work: (at: number) => Promise<void>): Promise<void> => {
  let left = count
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      await work(left)
    }
  }
  await Promise.all(Array.from({length: AT_A_TIME}, worker))
}

/** Sends, hangs up, and waits until the server has seen that. */
const sendOpening = (port: number, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({port, host: '127.0.0.1'}, () => socket.end(bytes))
    socket.on('error', () => undefined).on('close', () => resolve())
    socket.resume()
  })

const sendAll = async (peer: RawPeer | undefined, payloads: readonly Buffer[]): Promise<void> => {
  if (peer === undefined) return
  const {socket, send} = peer
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const payload of payloads) if (socket.writable) send(payload)
  socket.end()
  await closed
}
