import assert from 'node:assert/strict'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {type AddressInfo, connect, createServer} from 'node:net'
import {join} from 'node:path'
import {until} from '../server/gateway/gateway-fixture.ts'
import {
  type Account,
  type Answer,
  ask,
  type Bundle,
  bundleIn,
  closeMaster,
  mint,
  quote,
  type Ran,
  ssh,
  startSsh,
} from '../support/foreign-client.ts'
import {type RunningServer, startServerForTests} from '../support/running-server.ts'

/** Any id that no workspace has. */
const NOBODY = 999

describe("a client of RunCode's, against the server", function () {
  this.timeout(30_000)
  let server: RunningServer
  let account: Account
  let id: number
  let idle: number
  /** Of the pass that most tests use. */
  let pass: string

  before(async () => {
    server = await startServerForTests()
    pass = join(server.root, 'pass')
    account = await server.userAccount()
    id = await server.makeWorkspace('calm-reed-00112233', 'Payments API')
    idle = await server.makeWorkspace('idle-fox')
  })

  after(async () => {
    await closeMaster(pass)
    await server.remove()
  })

  const place = (name: string): string => join(server.root, name)
  const get = (path: string): Promise<Answer> => ask(account, 'GET', path)
  const power = async (verb: 'start' | 'stop', workspaceId = id): Promise<Answer['body']> => {
    const {status, body} = await get(`/workspace/${verb}?workspace_id=${workspaceId}`)
    assert.equal(status, 200)
    return body
  }
  const rows = async (category: string): Promise<Readonly<Record<string, unknown>>[]> => {
    const {data} = (await get(`/workspaces?category=${category}`)).body as {data: {workspaces: []}}
    return data.workspaces
  }
  /** As the contract normalises it: the state on the way wins over the settled one. */
  const stateOf = async (workspaceId = id): Promise<unknown> => {
    const row = (await rows('active')).find((candidate) => candidate['id'] === workspaceId)
    return row?.['interim_state'] || row?.['current_state']
  }
  const exec = (line: string, input: Uint8Array | string = ''): Promise<Ran> => {
    const {workdir} = bundleIn(pass)
    return ssh(pass, ['box', 'cd', workdir, '&&', line], input)
  }

  describe('the HTTP contract', () => {
    it('lists own workspaces as active and none as shared, in the fields of the contract', async () => {
      const {status, type, body} = await get('/workspaces?category=active')
      assert.deepEqual([status, type], [200, 'application/json; charset=utf-8'])
      const rest = {provider: 'aws', interim_state: '', current_state: 'stopped'}
      const workspaces = [
        {id, title: 'calm-reed-00112233', custom_title: 'Payments API', ...rest},
        {id: idle, title: 'idle-fox', custom_title: null, ...rest},
      ]
      assert.deepEqual(body, {error: false, data: {workspaces}})
      assert.deepEqual((await get('/workspaces?category=shared')).body, {error: false, data: {workspaces: []}})
    })

    it('starts by GET, answers before it runs, and takes a second start for none', async () => {
      const first = await power('start')
      assert.deepEqual(first, {error: false, message: 'Workspace calm-reed-00112233 is starting.'})
      await until('it runs', async () => (await stateOf()) === 'running')
      const second = await power('start')
      assert.deepEqual(second, {error: false, message: 'Workspace calm-reed-00112233 is running already.'})
    })

    it('stops what is stopped, without a word of refusal', async () => {
      assert.equal((await power('stop', idle))['error'], false)
      assert.equal(await stateOf(idle), 'stopped')
    })

    it('gives a bundle whose every field passes the checks of the contract', async () => {
      const {body} = await mint(account, {id, folder: place('checked')})
      const {host, port, user, known_hosts, workdir, expires_at, ...rest} = body['bundle'] as Bundle &
        Readonly<Record<string, unknown>>
      assert.equal(body['error'], false)
      assert.match(host, /^[A-Za-z0-9._:-]+$/)
      assert.equal(port, server.facts().gatewayPort)
      assert.equal(user, 'calm-reed-00112233')
      assert.match(known_hosts, new RegExp(`^\\[${host}\\]:${port} ssh-ed25519 [A-Za-z0-9+/=]+\\n$`))
      assert.match(workdir, /^\/[A-Za-z0-9._@+/-]+$/)
      assert.equal(workdir.split('/').includes('..'), false)
      assert.match(expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
      assert.deepEqual(rest['credential'], {type: 'key', certificate: null})
      const keywords = String(rest['ssh_config']).match(/^ *\w+/gm)
      assert.deepEqual(
        keywords?.map((word) => word.trim()),
        ['Host', 'HostName', 'Port', 'User'],
      )
    })

    it('caps the life of a pass at half an hour, and gives less where less is wished', async () => {
      for (const [ttlSeconds, given] of [
        [60, 60],
        [1800, 1800],
        [86_400, 1800],
      ] as const) {
        const folder = place('capped')
        await mint(account, {id, folder, ttlSeconds})
        const leftSeconds = (Date.parse(bundleIn(folder).expires_at) - Date.now()) / 1000
        assert.ok(leftSeconds <= given && leftSeconds > given - 10, `${ttlSeconds}: ${leftSeconds}`)
      }
    })

    for (const [what, status, path] of [
      ['an unknown workspace', 404, `/workspace/${NOBODY}/ssh-session`],
      ['an id that none can have', 404, '/workspace/99999999999999999999/ssh-session'],
      ['an unknown workspace to start', 404, `/workspace/start?workspace_id=${NOBODY}`],
      ['an unknown workspace to stop', 404, `/workspace/stop?workspace_id=${NOBODY}`],
      ['a path that is none', 404, '/workspace/1'],
    ] as const)
      it(`refuses ${what} with ${status} and a sentence`, async () => {
        const method = path.endsWith('ssh-session') ? 'POST' : 'GET'
        isRefusal(
          await ask(account, method, path, method === 'POST' ? {public_key: 'x', ttl: 1800} : undefined),
          status,
        )
      })

    it('refuses a pass for what does not run with 409, and nothing is written', async () => {
      isRefusal(await mint(account, {id: idle, folder: place('idle')}), 409)
      assert.equal(existsSync(place('idle/config')), false)
    })

    it('refuses a public key that is none with 400', async () => {
      for (const public_key of ['', 'ssh-ed25519', 'ssh-ed25519 AAAA', '-----BEGIN OPENSSH PRIVATE KEY-----'])
        isRefusal(await ask(account, 'POST', `/workspace/${id}/ssh-session`, {public_key, ttl: 1800}), 400)
    })

    it('refuses another token with 401, and says why under both names', async () => {
      for (const token of [`rc_${'A'.repeat(43)}`, 'x', '']) {
        const answer = await ask({...account, token}, 'GET', '/workspaces?category=active')
        isRefusal(answer, 401)
        assert.equal(answer.body['detail'], answer.body['message'])
      }
    })

    it('lets no method but the one of the contract change anything', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
        isRefusal(await ask(account, method, `/workspace/stop?workspace_id=${id}`), 404)
      assert.equal(await stateOf(), 'running')
    })
  })

  describe('ssh with the configuration of the contract', () => {
    before(async () => {
      await mint(account, {id, folder: pass})
    })

    it('answers the probe of a client that waits, and keeps the connection for the next ones', async () => {
      const probe = ['-o', 'ConnectTimeout=8', '-o', 'BatchMode=yes', 'box', 'true']
      assert.deepEqual(await ssh(pass, probe), {status: 0, stdout: Buffer.alloc(0), stderr: ''})
      const {stderr: first} = await ssh(pass, ['-O', 'check', 'box'])
      assert.match(first, /^Master running \(pid=\d+\)/)
      await exec('true')
      assert.equal((await ssh(pass, ['-O', 'check', 'box'])).stderr, first)
    })

    it('runs a line in the project directory, keeps its outputs apart, and gives its status', async () => {
      const {workdir} = bundleIn(pass)
      const {status, stdout, stderr} = await exec('pwd; echo "$HOME"; echo apart >&2; exit 37')
      assert.deepEqual([status, `${stdout}`, stderr], [37, `${workdir}\n${join(workdir, '..')}\n`, 'apart\n'])
      assert.equal(`${(await ssh(pass, ['box', 'pwd'])).stdout}`, `${join(workdir, '..')}\n`)
    })

    it('gives 1, 127, 255 and the signal of a command as sshd does', async () => {
      for (const [line, status] of [
        ['false', 1],
        ['no-such-program', 127],
        ['exit 255', 255],
        ['kill -KILL $$', 255],
      ] as const)
        assert.equal((await exec(line)).status, status, line)
    })

    it('carries stdin to its end, and a reader that has enough ends the writer', async () => {
      assert.equal(`${(await exec('tr a-z A-Z', 'from here')).stdout}`, 'FROM HERE')
      assert.equal(`${(await exec('yes | head -n 2')).stdout}`, 'y\ny\n')
      assert.equal(`${(await exec('head -c 3', Buffer.alloc(4 << 20, 'z'))).stdout}`, 'zzz')
    })

    it('runs thirty commands at once on one connection, each with its own status', async () => {
      const waitForAll = 'while [ "$(ls here.* | wc -l)" -lt 30 ]; do sleep 0.2; done'
      const lines = Array.from({length: 30}, (_, index) => `touch here.${index}; ${waitForAll}; exit ${index}`)
      const all = await Promise.all(lines.map((line) => exec(line)))
      // Where a channel is refused, ssh says so and opens another connection.
      assert.deepEqual(
        all.map(({status, stderr}) => [status, stderr]),
        lines.map((_, index) => [index, '']),
      )
    })

    it('opens a shell that reads its lines from stdin', async () => {
      const {status, stdout} = await ssh(pass, ['box'], 'echo "in $RUNCODE_WORKSPACE"\nexit 5\n')
      assert.deepEqual([status, `${stdout}`], [5, 'in calm-reed-00112233\n'])
    })

    it('opens a shell on a terminal', async () => {
      const {status, stdout} = await ssh(pass, ['-tt', 'box'], 'stty -echo; test -t 0 && echo on a terminal\nexit 6\n')
      assert.equal(status, 6)
      assert.match(`${stdout}`, /on a terminal\r\n/)
    })

    for (const [what, bytes] of [
      ['five million bytes', randomBytes(5_000_000)],
      ['every byte and line ends', Buffer.from([...Array(256).keys(), 13, 10, 13, 26, 10, 0])],
      ['nothing', Buffer.alloc(0)],
    ] as const)
      it(`puts and gets ${what} as base64`, async () => {
        const folder = quote(`${bundleIn(pass).workdir}/sub dir/it's`)
        const file = quote(`${bundleIn(pass).workdir}/sub dir/it's/$HOME é🙂;x`)
        const put = `mkdir -p ${folder} && base64 -d > ${file}`
        const {status, stderr} = await ssh(pass, ['box', put], bytes.toString('base64'))
        assert.deepEqual([status, stderr], [0, ''])
        const {stdout} = await ssh(pass, ['box', `base64 ${file}`])
        assert.equal(Buffer.from(`${stdout}`, 'base64').equals(bytes), true)
      })

    it('tells a file that cannot be read or written by a status and a sentence', async () => {
      for (const line of ['base64 /no/such/file', "mkdir -p '/dev/null/x' && base64 -d > '/dev/null/x/y'"]) {
        const {status, stdout, stderr} = await ssh(pass, ['box', line], 'eA==')
        assert.deepEqual([status, stdout.length], [1, 0])
        assert.match(stderr, /No such file|Not a directory/)
      }
    })

    it('feeds a probe to sh by stdin, whole, although its commands could read it', async () => {
      await exec('touch package.json')
      const {workdir} = bundleIn(pass)
      const {status, stdout} = await ssh(pass, ['box', 'sh'], probeOf(workdir))
      assert.equal(status, 0)
      const lines = [`cwd=${workdir}`, 'home=yes', 'marker=package.json', 'tool\tcat\t0', 'end=here']
      assert.deepEqual(`${stdout}`.trim().split('\n'), lines)
    })
  })

  describe('forwards over the master', () => {
    it('reach a service of the workspace, many at once, until they are cancelled', async () => {
      const service = startSsh(pass, ['box', `${quote(process.execPath)} -e ${quote(ECHO_SERVICE)}`])
      const [chunk] = (await once(service.stdout ?? service, 'data')) as [Buffer]
      const port = await freePort()
      const spec = `${port}:localhost:${Number(`${chunk}`)}`
      assert.deepEqual((await ssh(pass, ['-O', 'forward', '-L', spec, 'box'])).status, 0)

      const payloads = Array.from({length: 5}, () => randomBytes(300_000))
      const echoes = await Promise.all(payloads.map((payload) => talk(port, payload)))
      assert.deepEqual(
        echoes.map((echo, index) => payloads[index]?.equals(echo)),
        payloads.map(() => true),
      )
      assert.equal((await ssh(pass, ['-O', 'forward', '-L', spec, 'box'])).status, 0, 'a second time')

      assert.equal((await ssh(pass, ['-O', 'cancel', '-L', spec, 'box'])).status, 0)
      await assert.rejects(talk(port, Buffer.alloc(1)), {code: 'ECONNREFUSED'})
      service.kill()
    })

    it('to a port that nobody has end the connection and nothing else', async () => {
      const [port, nobody] = [await freePort(), await freePort()]
      const spec = `${port}:127.0.0.1:${nobody}`
      await ssh(pass, ['-O', 'forward', '-L', spec, 'box'])
      assert.equal((await talk(port, Buffer.from('x')).catch(() => Buffer.alloc(0))).length, 0)
      await ssh(pass, ['-O', 'cancel', '-L', spec, 'box'])
      assert.equal((await exec('true')).status, 0)
    })
  })

  describe('the end of a pass', () => {
    it('is the end of new connections, not of one that is open, and a new pass opens again', async () => {
      const folder = place('short')
      await mint(account, {id, folder, ttlSeconds: 2})
      assert.equal((await ssh(folder, ['box', 'true'])).status, 0)
      const alone = ['-o', 'ControlPath=none', 'box', 'true']
      await until('the pass is over', async () => (await ssh(folder, alone)).status === 255)
      assert.match((await ssh(folder, alone)).stderr, /Permission denied \(publickey\)/)
      assert.equal((await ssh(folder, ['box', 'true'])).status, 0)
      await closeMaster(folder)
      await mint(account, {id, folder})
      assert.equal((await ssh(folder, ['box', 'true'])).status, 0)
      await closeMaster(folder)
    })

    it('is not the end of the server: what a client has cached opens after a restart', async () => {
      await closeMaster(pass)
      await server.restart()
      assert.equal(`${(await exec('echo here')).stdout}`, 'here\n')
    })
  })

  describe('a stop', () => {
    it('cuts connections, ends commands and keys; a start gives the files back, not the keys', async () => {
      await exec('echo kept > file')
      const long = exec('echo $$; exec sleep 60')
      const old = place('old')
      await mint(account, {id, folder: old})
      assert.equal((await power('stop'))['error'], false)
      assert.equal((await long).status, 255)
      assert.match((await ssh(pass, ['-O', 'check', 'box'])).stderr, /No such file|refused/)
      assert.notEqual(await stateOf(), 'running')
      isRefusal(await mint(account, {id, folder: place('none')}), 409)
      assert.equal((await ssh(old, ['box', 'true'])).status, 255)
      await until('it stopped', async () => (await stateOf()) === 'stopped')

      await power('start')
      await until('it runs', async () => (await stateOf()) === 'running')
      assert.match((await ssh(old, ['box', 'true'])).stderr, /Permission denied \(publickey\)/)
      await closeMaster(pass)
      await mint(account, {id, folder: pass})
      assert.equal(`${(await exec('cat file')).stdout}`, 'kept\n')
    })

    it('that takes its time refuses a start with 200 and a sentence, as the contract has it', async () => {
      const stubborn = startSsh(pass, ['box', 'trap "" HUP TERM; echo ready; while :; do sleep 1; done'])
      await once(stubborn.stdout ?? stubborn, 'data')
      await power('stop')
      assert.equal(await stateOf(), 'stopping')
      const refusal = await power('start')
      assert.equal(refusal['error'], true)
      assert.match(String(refusal['message']), /^Workspace calm-reed-00112233 is stopping;/)
      await until('it stopped', async () => (await stateOf()) === 'stopped')
      assert.equal((await power('start'))['error'], false)
    })
  })
})

/** Says its port, then every byte that it hears. */
const ECHO_SERVICE = `require('node:net').createServer((socket) => socket.pipe(socket))
  .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`

/** The probe of the contract in small: a digest of the place, with a program in it that would also read the script. */
const probeOf = (workdir: string): string => `cd '${workdir}' || exit 1
printf 'cwd=%s\\n' "$(pwd)"
[ -d "$HOME" ] && printf 'home=yes\\n'
for file in package.json go.mod; do [ -e "$file" ] && printf 'marker=%s\\n' "$file"; done
printf 'tool\\tcat\\t%s\\n' "$(cat </dev/null | wc -c | tr -d ' ')"
printf 'end=here\\n'
`

/** The shape of every refusal with a status: a client takes its sentence from `message`. */
const isRefusal = ({status, type, body}: Answer, expected: number): void => {
  assert.deepEqual([status, type, body['error']], [expected, 'application/json; charset=utf-8', true])
  assert.match(String(body['message']), /^[A-Z].+\.$/)
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const {port} = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

/** Sends bytes to a local port, then its end, and gives all that comes back. */
const talk = async (port: number, bytes: Buffer): Promise<Buffer> => {
  const socket = connect({port, host: '127.0.0.1', allowHalfOpen: true})
  const chunks: Buffer[] = []
  socket.end(bytes)
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks)
}
