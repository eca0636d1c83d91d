import {randomBytes} from 'node:crypto'
import {appendFileSync, mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Bench, Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {interleave, peakOf, spreadOf, timeOf} from '../measure.ts'
import {type Stage, usualStage} from '../stage.ts'

const LARGE_BYTES = 1 << 30
const SMALL_FILES = 1000
const MOST_ROUNDS = 10
const MOST_LARGE_ROUNDS = 5

/** A file each way, compared and not, with scp on the same master and with hashing both sides after it. */
export const transferLarge: Row = {
  name: 'transfer-large',
  measure: async (bench) => {
    const stage = await usualStage(bench)
    const far = await farFolder(stage)
    const [large, farLarge] = [join(stage.cwd, 'large'), `${far}/large`]
    for (let written = 0; written < LARGE_BYTES; written += 1 << 28) appendFileSync(large, randomBytes(1 << 28))
    await timeOf([...stage.runcode, 'put', 'large', farLarge], stage)
    // A name that is free: to take it from a file of that size, whose bytes are still on their way to the disk, takes seconds.
    const [there, here] = [`${far}/copy`, join(stage.cwd, 'copy')]
    const fresh = async (take: () => Promise<number>): Promise<number> => {
      const took = await take()
      for (const copy of [there, here]) rmSync(copy, {force: true})
      return took
    }
    const run = (...words: readonly string[]) => timeOf(words, stage)
    const up = () => run(...scpOf(stage), 'large', `${hostOf(stage)}:${there}`)
    const down = () => run(...scpOf(stage), `${hostOf(stage)}:${farLarge}`, 'copy')
    const put = [...stage.runcode, 'put', 'large', there]
    const get = [...stage.runcode, 'get', farLarge, '--out', 'copy']
    const hash = ['openssl', 'dgst', '-sha256']
    const hashed = async (here: string, there: string): Promise<number> =>
      (await run(...hash, here)) + (await run(...stage.ssh, `${hash.join(' ')} ${there}`))
    const samples = await interleave(
      {
        put: () => fresh(() => run(...put)),
        'put --no-verify': () => fresh(() => run(...put, '--no-verify')),
        get: () => fresh(() => run(...get)),
        'get --no-verify': () => fresh(() => run(...get, '--no-verify')),
        up: () => fresh(up),
        'up and hashed': () => fresh(async () => (await up()) + (await hashed('large', there))),
        down: () => fresh(down),
        'down and hashed': () => fresh(async () => (await down()) + (await hashed('copy', farLarge))),
      },
      Math.min(bench.rounds, MOST_LARGE_ROUNDS),
    )
    const finding = (what: string, mine: readonly number[], theirs: readonly number[], against: string): Finding => ({
      ...{what: `${what}, 1 GiB`, against: `${against} (${stage.gateway})`, unit: 'ms'},
      ...{judged: 'ratio', budget: 1 / 0.9, ours: spreadOf(mine), theirs: spreadOf(theirs)},
    })
    const memory = async (what: string, words: readonly string[]): Promise<Finding> => {
      const samples = [await fresh(() => peakOf(words, stage))]
      return {
        ...{what: `most memory of ${what}, 1 GiB`, against: '', unit: 'MB', theirs: undefined, judged: 'value'},
        ...{budget: 120, ours: spreadOf(samples)},
      }
    }
    return [
      finding('put', samples.put, samples['up and hashed'], 'scp, openssl on both sides'),
      finding('put --no-verify', samples['put --no-verify'], samples.up, 'scp on the same master'),
      finding('get', samples.get, samples['down and hashed'], 'scp, openssl on both sides'),
      finding('get --no-verify', samples['get --no-verify'], samples.down, 'scp on the same master'),
      await memory('put', put),
      await memory('get', get),
    ]
  },
}

/** A thousand small files each way, with scp, rsync, and tar over ssh. */
export const transferSmall: Row = {
  name: 'transfer-small',
  measure: async (bench: Bench) => {
    const stage = await usualStage(bench)
    const far = await farFolder(stage)
    mkdirSync(join(stage.cwd, 'small'), {recursive: true})
    for (let at = 0; at < SMALL_FILES; at += 1) writeFileSync(join(stage.cwd, 'small', `${at}`), randomBytes(2000))
    await timeOf([...stage.runcode, 'put', '-r', 'small', `${far}/small`], stage)
    // Names that are new each time: a file system is slow where many files were just removed.
    let count = 0
    const fresh = (): string => {
      count += 1
      return `copy-${count}`
    }
    const ssh = stage.ssh.slice(0, -1).join(' ')
    const samples = await interleave(
      {
        put: () => timeOf([...stage.runcode, 'put', '-r', 'small', `${far}/${fresh()}`], stage),
        get: () => timeOf([...stage.runcode, 'get', '-r', `${far}/small`, '--out', fresh()], stage),
        scpUp: () => timeOf([...scpOf(stage), '-r', 'small', `${hostOf(stage)}:${far}/${fresh()}`], stage),
        scpDown: () => timeOf([...scpOf(stage), '-r', `${hostOf(stage)}:${far}/small`, fresh()], stage),
        rsync: () => timeOf(['rsync', '-a', '-e', ssh, 'small/', `${hostOf(stage)}:${far}/${fresh()}`], stage),
        tar: () => {
          const there = `${far}/${fresh()}`
          const line = `tar -cf - small | ${stage.ssh.join(' ')} 'mkdir ${there} && tar -xf - -C ${there}'`
          return timeOf(['/bin/sh', '-c', line], stage)
        },
      },
      Math.min(bench.rounds, MOST_ROUNDS),
    )
    const finding = (what: string, mine: readonly number[], theirs: readonly number[], against: string): Finding => ({
      ...{what, against: `${against} (${stage.gateway})`, unit: 'ms', judged: 'ratio', budget: undefined},
      ...{ours: spreadOf(mine), theirs: spreadOf(theirs)},
    })
    return [
      {...finding('put -r, 1,000 files of 2 kB', samples.put, samples.scpUp, 'scp -r'), budget: 0.5},
      finding('put -r, 1,000 files of 2 kB', samples.put, samples.rsync, 'rsync -a'),
      finding('put -r, 1,000 files of 2 kB', samples.put, samples.tar, 'tar over ssh'),
      finding('get -r, 1,000 files of 2 kB', samples.get, samples.scpDown, 'scp -r'),
    ]
  },
}

const scpOf = (stage: Stage): readonly string[] => ['scp', '-q', ...stage.ssh.slice(1, -1)]
const hostOf = (stage: Stage): string => stage.ssh.at(-1) ?? ''

/** A folder of the workspace for what is copied there. */
const farFolder = async (stage: Stage): Promise<string> => {
  const far = join(stage.env['HOME'] ?? '', 'far')
  await timeOf([...stage.runcode, 'exec', '--', 'mkdir', '-p', far], stage)
  return far
}
