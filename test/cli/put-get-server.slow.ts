import assert from 'node:assert/strict'
import {randomBytes, randomInt} from 'node:crypto'
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {runcode, startRuncode} from '../support/runcode.ts'
import {isSoak} from '../support/soak.ts'
import {temporaryHome} from '../support/temporary-home.ts'

const ROUNDS = isSoak ? 30 : 6
const BYTES = isSoak ? 1 << 30 : 128 << 20

describe('a transfer whose server is killed', function () {
  this.timeout(isSoak ? 3_600_000 : 180_000)
  const home = temporaryHome()
  const tree = join(home.path, 'tree')
  const place = {env: home.env, cwd: tree}
  const bytes = randomBytes(BYTES)
  let project = ''

  const succeed = async (...args: string[]): Promise<string> => {
    const {status, stdout, stderr} = await runcode(args, place)
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const serverPid = (): number =>
    JSON.parse(readFileSync(join(home.path, '.local/state/runcode/cli/server/server.json'), 'utf8')).pid

  before(async () => {
    mkdirSync(tree)
    writeFileSync(join(tree, 'source'), bytes)
    await succeed('server', 'up')
    await succeed('server', 'workspace', 'create', 'box')
    await succeed('connect', 'box', '--start', '--wait')
    project = (await succeed('exec', '--', 'pwd')).trim()
    await succeed('put', 'source', 'source')
  })
  after(async () => {
    await runcode(['server', 'down', '--purge'], place)
    home.remove()
  })

  it(`leaves the old file, and --resume makes it the new one when it is up again (${ROUNDS} rounds)`, async () => {
    let resumed = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      const [folder, ...words] =
        round % 2 === 0 ? [project, 'put', 'source', 'copy'] : [tree, 'get', 'source', '--out', 'copy']
      const sizeOfPart = (): number => {
        const [name] = readdirSync(folder).filter((one) => one.startsWith('.runcode-'))
        return name === undefined ? 0 : statSync(join(folder, name)).size
      }
      const target = join(folder, 'copy')
      const old = `old ${round}`
      writeFileSync(target, old)
      const at = randomInt(BYTES / 2)
      const child = startRuncode([...words, '--json'], place)
      const ended = new Promise((resolve) => child.once('exit', resolve))
      while (child.exitCode === null && sizeOfPart() <= at) await new Promise((resolve) => setTimeout(resolve, 4))
      process.kill(serverPid(), 'SIGKILL')
      assert.equal(await ended, 1, words.join(' '))
      assert.equal(readFileSync(target, 'utf8'), old, words.join(' '))
      await succeed('server', 'up')
      // It starts what ran, and says so while it does.
      await succeed('connect', 'box', '--start', '--wait')
      const {resumed_bytes: bytesResumed} = JSON.parse(await succeed(...words, '--resume', '--json'))
      if (bytesResumed > 0) resumed += 1
      assert.ok(readFileSync(target).equals(bytes), words.join(' '))
    }
    assert.ok(resumed > ROUNDS / 2, `only ${resumed} of ${ROUNDS} went on where they stopped`)
  })
})
