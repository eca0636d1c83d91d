import assert from 'node:assert/strict'
import {execFileSync, spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {BIN} from '../support/runcode.ts'
import {needSshd, type SshdWorkspace, startSshdWorkspace} from '../support/sshd-workspace.ts'

const SIZE_BYTES = process.env['RUNCODE_SOAK'] === undefined ? 64 << 20 : 1 << 30

/** The built program in a pipe of a shell, where $run stands for it. */
describe('the streams of exec', function () {
  this.timeout(300_000)
  let workspace: SshdWorkspace
  let hash = ''
  const at = (name: string): string => join(workspace.home.path, name)

  before(async function () {
    needSshd(this)
    workspace = await startSshdWorkspace()
    assert.equal((await workspace.run(['connect', 'calm-reed'])).status, 0)
    execFileSync('sh', ['-c', 'head -c "$1" /dev/urandom > "$2"', 'sh', String(SIZE_BYTES), at('random')])
    execFileSync('sh', ['-c', 'head -c "$1" "$2" > "$3"', 'sh', String(SIZE_BYTES / 8), at('random'), at('part')])
    hash = hashOf('random')
  })
  after(() => workspace?.remove())

  const hashOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(at(name)))
      .digest('hex')

  const inShell = (line: string): Promise<{status: number | null; stdout: string; stderr: string}> =>
    new Promise((resolve) => {
      const child = spawn('sh', ['-c', line], {
        cwd: workspace.tree,
        env: {
          ...workspace.home.env,
          run: `${process.execPath} ${BIN}`,
          random: at('random'),
          part: at('part'),
          got: at('got'),
          status: at('status'),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const [out, err]: [Buffer[], Buffer[]] = [[], []]
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
      child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
      child.on('close', (status) =>
        resolve({status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString()}),
      )
    })
  const endMaster = async (): Promise<void> => {
    const {stdout} = await workspace.run(['connect', 'calm-reed', '--json'])
    const {config, alias} = JSON.parse(stdout) as {config: string; alias: string}
    execFileSync('ssh', ['-F', config, '-O', 'exit', alias], {stdio: 'ignore'})
  }

  for (const way of ['over a master', 'directly'] as const) {
    describe(way, () => {
      beforeEach(() => (way === 'directly' ? endMaster() : undefined))

      it('bring stdin over and stdout back byte for byte, each with its end, and stderr apart', async () => {
        const {stdout, stderr} = await inShell(`$run exec -- 'cat; echo apart >&2' < "$random" | sha256sum`)
        assert.deepEqual([stdout.split(' ')[0], stderr], [hash, 'apart\n'])
      })

      it('bring stderr back byte for byte', async () => {
        const line = `exec 3>&2; $run exec -- 'cat >&2; echo apart' < "$part" 2>&1 >&3 3>&- | cat > "$got"`
        const {stderr} = await inShell(line)
        const [sent, got] = [readFileSync(at('part')), readFileSync(at('got'))]
        const same = got.findIndex((byte, index) => byte !== sent[index])
        const where = `${got.length} of ${sent.length} bytes, from ${same}: ${got.subarray(same, same + 80).toString('latin1')}`
        assert.ok(got.equals(sent), where)
        assert.equal(stderr, 'apart\n')
      })

      for (const [what, input] of [
        ['stdin is open', 'sleep 3 |'],
        ['stdin has ended', '</dev/null'],
      ] as const) {
        it(`end quietly and soon where the reader of stdout leaves, and ${what}: 141`, async () => {
          const [before, behind] = input.endsWith('|') ? [input, ''] : ['', input]
          const began = performance.now()
          const {stdout, stderr} = await inShell(
            `${before} { $run exec -- 'yes' ${behind}; echo $? > "$status"; } | head -1`,
          )
          const tookMs = performance.now() - began
          assert.deepEqual([stdout, stderr, readFileSync(at('status'), 'utf8')], ['y\n', '', '141\n'])
          assert.ok(tookMs < 15_000, `${tookMs} ms`)
        })
      }
    })
  }

  it('hold no more memory where stderr has a slow reader', async () => {
    const {stdout} = await inShell(
      `{ $run exec -- 'head -c 200000000 /dev/zero >&2' 2>&1 >/dev/null & p=$!; sleep 4; grep VmRSS /proc/$p/status > "$status"; kill $p; } | sleep 5`,
    )
    assert.equal(stdout, '')
    const kilobytes = Number(/(\d+) kB/.exec(readFileSync(at('status'), 'utf8'))?.[1])
    assert.ok(kilobytes > 1000 && kilobytes < 120_000, `${kilobytes} kB`)
  })

  it('flow where nothing more can be written to the disk here, and ssh has no file for its words', async () => {
    const {status, stdout, stderr} = await workspace.run(['exec', '--', 'echo out; echo err >&2; exit 3'], {
      limitBlocks: 0,
    })
    assert.deepEqual([status, stdout, stderr], [3, 'out\n', 'err\n'])
  })
})
