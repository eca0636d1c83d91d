import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createOutputPipeStock, type OutputPipe} from '../../../src/server/runtime/process-runtime/open-output-pipes.ts'
import {until} from '../gateway/gateway-fixture.ts'

describe('a stock of output pipes', () => {
  let folder: string
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'pipes-')), '.pipes')
  })
  afterEach(() => rmSync(join(folder, '..'), {recursive: true}))

  const openFiles = (): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder)
      } catch {
        return false
      }
    }).length
  const carry = ({readEnd, writeEnd}: OutputPipe, text: string): string => {
    writeSync(writeEnd, text)
    const bytes = Buffer.alloc(100)
    return bytes.toString('utf8', 0, readSync(readEnd, bytes))
  }
  const close = ({readEnd, writeEnd}: OutputPipe): void => {
    closeSync(readEnd)
    closeSync(writeEnd)
  }

  it('gives fifty at once, none of them twice, and leaves no name and no descriptor', async () => {
    const stock = createOutputPipeStock(folder)
    const pipes = Array.from({length: 50}, () => stock.take()).flat()
    for (const [i, {writeEnd}] of pipes.entries()) writeSync(writeEnd, `${i}`)
    const texts = pipes.map((pipe) => carry(pipe, '.'))
    assert.deepEqual(
      texts,
      pipes.map((_, i) => `${i}.`),
    )
    pipes.forEach(close)
    await stock.clear()
    assert.deepEqual([readdirSync(folder), openFiles()], [[], 0])
  })

  it('makes the next ones ahead, and keeps no more than two batches of 16', async () => {
    const stock = createOutputPipeStock(folder)
    for (let i = 0; i < 100; i += 1) {
      stock.take().forEach(close)
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(openFiles() <= 4 * 2 * 16, true, `${openFiles()} descriptors`)
    }
    for (let round = 0; round < 3; round += 1) {
      while (openFiles() >= 4 * 8) stock.take().forEach(close)
      await until('there are more', () => openFiles() >= 4 * 16)
    }
    await stock.clear()
    assert.equal(openFiles(), 0)
  })

  it('removes the names that a killed server left, and makes its folder again', async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'left'), '')
    const stock = createOutputPipeStock(folder)
    assert.equal(existsSync(join(folder, 'left')), false)
    const taken = [stock.take()]
    rmSync(folder, {recursive: true})
    taken.push(...Array.from({length: 40}, () => stock.take()))
    taken.flat().forEach(close)
    await stock.clear()
    assert.deepEqual(readdirSync(folder), [])
  })

  it('says why there are none, and gives some as soon as it can', async () => {
    const stock = createOutputPipeStock(join(folder, '..', 'file', '.pipes'))
    writeFileSync(join(folder, '..', 'file'), '')
    assert.throws(() => stock.take(), {code: 'ENOTDIR'})
    rmSync(join(folder, '..', 'file'))
    stock.take().forEach(close)
    await stock.clear()
  })
})
