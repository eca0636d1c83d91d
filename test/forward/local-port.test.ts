import assert from 'node:assert/strict'
import {spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {connect, createServer, type Server, type Socket} from 'node:net'
import {LOOPBACK, type LocalPort, openLocalPort, PortUnavailableError} from '../../src/forward/local-port.ts'

const listeners = {onConnection: (client: Socket) => client.end('ours'), onTrouble: assert.fail}

const heard = async (port: number, host: string): Promise<string> => {
  let text = ''
  for await (const chunk of connect(port, host).setEncoding('utf8')) text += chunk
  return text
}

const SPEC = {host: 'localhost', remote: 5173, isReverse: false}

describe('a local port', () => {
  const open: (LocalPort | Server)[] = []
  afterEach(() => {
    for (const one of open.splice(0)) one.close()
  })
  const openPort = async (local: number, addresses = LOOPBACK): Promise<LocalPort> => {
    const port = await openLocalPort({...SPEC, local}, addresses, listeners)
    open.push(port)
    return port
  }
  const occupy = async (host: string): Promise<number> => {
    const server = createServer().listen(0, host)
    open.push(server)
    await once(server, 'listening')
    return (server.address() as {port: number}).port
  }

  it('is open on 127.0.0.1 and ::1 with the same number, also where any free one is asked for', async () => {
    const {port, addresses} = await openPort(0)
    assert.deepEqual(addresses, ['127.0.0.1', '::1'])
    assert.deepEqual([await heard(port, '127.0.0.1'), await heard(port, '::1')], ['ours', 'ours'])
  })

  it('is on the address that is asked for, and on no other', async () => {
    const {port, addresses} = await openPort(0, ['127.0.0.1'])
    assert.deepEqual(addresses, ['127.0.0.1'])
    await assert.rejects(heard(port, '::1'), {code: 'ECONNREFUSED'})
  })

  for (const host of ['127.0.0.1', '::1', '0.0.0.0']) {
    it(`that is in use on ${host} is not had, names who has it where that can be told, and a way out`, async () => {
      const port = await occupy(host)
      const error: unknown = await openPort(port).catch((thrown: unknown) => thrown)
      assert.ok(error instanceof PortUnavailableError)
      const who = process.platform === 'linux' ? ` by .+ \\(process ${process.pid}\\)` : ''
      assert.match(error.message, new RegExp(`^The local port ${port} is in use${who}\\.$`))
      assert.equal(error.hint, 'Take a free one: runcode port-forward 0:5173')
    })
  }

  it('that is not had leaves nothing open', async () => {
    const port = await occupy('::1')
    await assert.rejects(openPort(port), PortUnavailableError)
    await assert.rejects(heard(port, '127.0.0.1'), {code: 'ECONNREFUSED'})
  })

  it('is not looked for on an address that this machine does not have', async () => {
    await assert.rejects(openPort(0, ['192.0.2.1']), /on an address that this machine does not have/)
  })

  it('is not had on fewer addresses than were named', async () => {
    await assert.rejects(openPort(0, ['127.0.0.1', '192.0.2.1']), /on an address that this machine does not have/)
  })

  it('does without a loopback that this machine does not have, as where IPv6 is switched off', function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip()
    const program = `
      const {LOOPBACK, openLocalPort} = await import('./src/forward/local-port.ts')
      const port = await openLocalPort({...${JSON.stringify(SPEC)}, local: 0}, LOOPBACK, {onConnection() {}, onTrouble() {}})
      process.stdout.write(port.addresses.join())
      port.close()`
    const off = 'busybox ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"'
    const node = [process.execPath, '--import', 'tsx', '--input-type', 'module', '--eval', program]
    const {stdout, stderr} = spawnSync('unshare', ['--net', 'sh', '-c', off, 'sh', ...node], {encoding: 'utf8'})
    assert.equal(stdout, '127.0.0.1', stderr)
  })

  it('is free again when it is closed', async () => {
    const {port, close} = await openPort(0)
    close()
    assert.equal((await openPort(port)).port, port)
  })
})
