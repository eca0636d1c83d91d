import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {fileURLToPath} from 'node:url'

/** Starts a TypeScript program of the tests as a process of its own; stdin and stdout are pipes. */
export const startProgram = (file: URL, args: readonly string[], env = process.env): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', fileURLToPath(file), ...args], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })

/** All that it prints until it ends, with its status. */
export async function outcomeOf(child: ChildProcess): Promise<{code: number | null; stdout: string}> {
  let stdout = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return {code, stdout}
}
