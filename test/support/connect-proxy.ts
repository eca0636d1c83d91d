import {once} from 'node:events'
import {connect, createServer, type Socket} from 'node:net'

/** An HTTP proxy that does CONNECT and nothing else, and remembers. */
export interface ConnectProxy {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The heads of all requests so far, each without its empty line. */
  readonly asked: string[]
  /** The ports of this machine that its connections came from, as the far side saw them. */
  readonly ports: ReadonlySet<number>
  /** What it asks for as `user:password`; undefined: nothing. */
  password: string | undefined
  /** What it says instead of doing what it is asked for. */
  answer: string | undefined
  stop(): Promise<void>
}

export async function startConnectProxy(): Promise<ConnectProxy> {
  const open = new Set<Socket>()
  const ports = new Set<number>()
  const serve = (client: Socket): void => {
    let head = ''
    const read = (chunk: Buffer): void => {
      head += chunk
      if (!head.includes('\r\n\r\n')) return
      client.off('data', read)
      proxy.asked.push(head.split('\r\n\r\n')[0] ?? '')
      const basic = Buffer.from(proxy.password ?? '').toString('base64')
      const isKnown = proxy.password === undefined || head.includes(`\r\nProxy-Authorization: Basic ${basic}\r\n`)
      if (!isKnown) client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      else if (proxy.answer !== undefined) client.end(proxy.answer)
      else tunnel(client, /^CONNECT (\S+):(\d+) /.exec(head) ?? [])
    }
    client.on('data', read)
  }
  const tunnel = (client: Socket, [, host = '', port = '']: readonly string[]): void => {
    const far = connect(Number(port), host, () => {
      ports.add(far.localPort ?? 0)
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(far).pipe(client)
    })
    keep(far)
    far.on('error', () => client.destroy())
    client.on('close', () => far.destroy())
  }
  const keep = (socket: Socket): void => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => undefined)
  }
  const server = createServer((client) => {
    keep(client)
    serve(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const {port} = server.address() as {port: number}
  const proxy: ConnectProxy = {
    ...{url: `http://127.0.0.1:${port}`, asked: [], ports, password: undefined, answer: undefined},
    stop: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
