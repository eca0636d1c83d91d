import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {RealSshd} from './real-sshd.ts'

/** Ends what serves the connections of an sshd, as where its machine restarts. */
export const killSessions = (sshd: RealSshd): void => {
  const master = Number(readFileSync(join(sshd.folder, 'pid'), 'utf8'))
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    const [, parent] = /^PPid:\s+(\d+)$/m.exec(textOf(`/proc/${name}/status`)) ?? []
    if (Number(parent) === master) process.kill(Number(name), 'SIGKILL')
  }
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
