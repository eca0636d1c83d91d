import {execFileSync, spawnSync} from 'node:child_process'
import {readdirSync, readFileSync} from 'node:fs'

/** Whether a process is there. A zombie has ended; its new parent is slow to say so. proc(5), elsewhere ps(1). */
export function isAlive(pid: number): boolean {
  if (process.platform !== 'linux') {
    const {stdout} = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], {encoding: 'utf8'})
    return stdout.trim() !== '' && !stdout.startsWith('Z')
  }
  const stat = textOf(`/proc/${pid}/stat`)
  return stat !== '' && !/\) Z/.test(stat)
}

/** How many processes have one of these words in their arguments or title. */
export const countProcesses = (...words: readonly string[]): number => listProcesses(...words).length

/** The arguments or titles of the processes that have one of these words in them. */
export function listProcesses(...words: readonly string[]): readonly string[] {
  const lines =
    process.platform === 'linux'
      ? readdirSync('/proc').map((name) => (/^\d+$/.test(name) ? textOf(`/proc/${name}/cmdline`) : ''))
      : execFileSync('ps', ['-axo', 'args='], {encoding: 'utf8'}).split('\n')
  return lines.filter((line) => words.some((word) => line.includes(word)))
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
