import {connect, type Socket} from 'node:net'
import {connect as connectTls} from 'node:tls'

/**
 * Floods a port of this machine until it is ended, as another user (nobody, where it may): flood-program KIND PORT.
 * Each connection that is closed is opened again. Prints how many it has opened, each second.
 */
const [kind = '', port = ''] = process.argv.slice(2)
const AT_A_TIME = 500
const address = {port: Number(port), host: '127.0.0.1'}
if (process.getuid?.() === 0) process.seteuid?.(65_534)

const KINDS: Readonly<Record<string, () => Socket>> = {
  silent: () => connect(address),
  ident: () =>
    connect(address).on('connect', function (this: Socket) {
      this.write('SSH-2.0-flood\r\n')
    }),
  // Opens as fast as it can, and keeps nothing.
  churn: () =>
    connect(address).once('data', function (this: Socket) {
      this.destroy()
    }),
  'half-tls': () =>
    connect(address).on('connect', function (this: Socket) {
      this.write(Buffer.from('16030100c8010000c40303', 'hex'))
    }),
  'slow-headers': () => slowly('GET /api/server HTTP/1.1\r\nHost: localhost\r\n'),
  'slow-body': () => slowly('POST /api/server/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n{'),
}

const slowly = (text: string): Socket => {
  const socket = connectTls({...address, rejectUnauthorized: false}, () => socket.write(text))
  const drip = setInterval(() => socket.writable && socket.write('x'), 1000)
  return socket.on('close', () => clearInterval(drip))
}

let opened = 0
const open = (): void => {
  opened += 1
  KINDS[kind]?.()
    .on('error', () => undefined)
    .on('close', () => setImmediate(open))
    .resume()
}
for (let i = 0; i < AT_A_TIME; i += 1) open()
setInterval(() => process.stdout.write(`${opened}\n`), 1000)
