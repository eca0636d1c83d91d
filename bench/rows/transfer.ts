import {randomBytes} from 'node:crypto'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Bench, Row} from '../bench.ts'
import type {Finding} from '../finding.ts'
import {interleave, spreadOf, timeOf} from '../measure.ts'
import {type Stage, usualStage} from '../stage.ts'

const LARGE_BYTES = process.env['RUNCODE_BENCH_LARGE'] ? 1 << 30 : 128 << 20
const SMALL_FILES = 1000
const MOST_ROUNDS = 10

/** A file each way, compared and not, with scp on the same master and with hashing both sides after it. */
export const transferLarge: Row = {
  name: 'transfer-large',
  measure: async (bench) => {
    const stage = await usualStage(bench)
    const far = await farFolder(stage)
    writeFileSync(join(stage.cwd, 'large'), randomBytes(LARGE_BYTES))
    await timeOf([...stage.runcode, 'put', 'large', `${far}/large`], stage)
    const local = ['openssl', 'dgst', '-sha256', 'large']
    const remote = [...stage.ssh, `openssl dgst -sha256 ${far}/large`]
    const hashing = async (): Promise<number> => (await timeOf(local, stage)) + (await timeOf(remote, stage))
    const up = [...scpOf(stage), 'large', `${hostOf(stage)}:${far}/scp`]
    const down = [...scpOf(stage), `${hostOf(stage)}:${far}/large`, 'scp']
    const ours =
      (...words: readonly string[]) =>
      () =>
        timeOf([...stage.runcode, ...words], stage)
    const samples = await interleave(
      {
        put: ours('put', 'large', `${far}/put`),
        'put --no-verify': ours('put', '--no-verify', 'large', `${far}/raw`),
        get: ours('get', `${far}/large`, '--out', 'got'),
        'get --no-verify': ours('get', '--no-verify', `${far}/large`, '--out', 'raw'),
        up: () => timeOf(up, stage),
        'up and hashed': async () => (await timeOf(up, stage)) + (await hashing()),
        down: () => timeOf(down, stage),
        'down and hashed': async () => (await timeOf(down, stage)) + (await hashing()),
      },
      Math.min(bench.rounds, MOST_ROUNDS),
    )
    const size = `${LARGE_BYTES >> 20} MiB`
    const finding = (what: string, mine: readonly number[], theirs: readonly number[], against: string): Finding => ({
      ...{
        what: `${what}, ${size}`,
        against: `${against} (${stage.gateway})`,
        unit: 'ms',
        judged: 'ratio',
        budget: 1 / 0.9,
      },
      ...{ours: spreadOf(mine), theirs: spreadOf(theirs)},
    })
    return [
      finding('put', samples.put, samples['up and hashed'], 'scp, openssl on both sides'),
      finding('put --no-verify', samples['put --no-verify'], samples.up, 'scp on the same master'),
      finding('get', samples.get, samples['down and hashed'], 'scp, openssl on both sides'),
      finding('get --no-verify', samples['get --no-verify'], samples.down, 'scp on the same master'),
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
