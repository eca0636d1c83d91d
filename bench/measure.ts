import {type ChildProcess, execFile, spawn} from 'node:child_process'
import {once} from 'node:events'
import {promisify} from 'node:util'

/** What many samples are like. */
export interface Spread {
  readonly p50: number
  readonly p95: number
}

/** By nearest rank: a sample that was really taken. Throws where there is none. */
export function spreadOf(samples: readonly number[]): Spread {
  if (samples.length === 0) throw new RangeError('There are no samples.')
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
  return {p50: at(0.5), p95: at(0.95)}
}

/**
 * Takes a sample of each side in turn, so that whatever else the machine does hits all of them. The first round is for
 * the caches and does not count.
 */
export async function interleave<Side extends string>(
  sides: Readonly<Record<Side, () => Promise<number>>>,
  rounds: number,
): Promise<Readonly<Record<Side, readonly number[]>>> {
  const names = Object.keys(sides) as Side[]
  const samples = new Map<Side, number[]>(names.map((name) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const name of names) {
      const sample = await sides[name]()
      if (round > 0) samples.get(name)?.push(sample)
    }
  }
  return Object.fromEntries(samples) as Record<Side, number[]>
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** How long a program takes, in ms, from its start until it and its output have ended. Throws where it fails. */
export async function timeOf(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const start = performance.now()
  await run(words, surroundings)
  return performance.now() - start
}

/** The most memory that a program held, without those that it started, in MB. Throws where it fails. */
export async function peakOf(words: readonly string[], surroundings: Surroundings): Promise<number> {
  let peakKb = 0
  await run(words, surroundings, async ({pid}) => {
    const {stdout} = await execute('ps', ['-o', 'rss=', '-p', String(pid)]).catch(() => ({stdout: '0'}))
    peakKb = Math.max(peakKb, Number(stdout))
  })
  return peakKb / 1024
}

const LOOK_MS = 50
const execute = promisify(execFile)

const run = async (
  words: readonly string[],
  {env, cwd}: Surroundings,
  look?: (child: ChildProcess) => Promise<void>,
): Promise<void> => {
  const [program = '', ...args] = words
  const child = spawn(program, args, {env, cwd, stdio: ['ignore', 'pipe', 'pipe']})
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk))
  const looking = look === undefined ? undefined : setInterval(() => void look(child), LOOK_MS)
  const [code] = await once(child, 'close')
  clearInterval(looking)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${said}`)
}
