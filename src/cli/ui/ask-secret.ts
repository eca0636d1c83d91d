import {RuncodeError} from '../../core/errors.ts'
import {InterruptedError} from '../../core/interrupted.ts'
import {printable} from '../../core/printable.ts'

/** There is nobody to ask. */
export class NoTerminalError extends RuncodeError {
  constructor() {
    super('There is no terminal to ask for the token on.', {
      code: 'usage',
      hint: 'Give it on stdin: runcode login --with-token < file',
    })
  }
}

/** Whether there is somebody to ask. */
export const isAtTerminal = (): boolean => process.stdin.isTTY === true

const MOST_CHARACTERS = 65_536

/** All of stdin, or InterruptedError at Ctrl-C; of one that is longer than any token or address, no more than shows that. */
export async function readStdin(interrupted: AbortSignal): Promise<string> {
  const abort = (): void => void process.stdin.destroy(new InterruptedError())
  interrupted.addEventListener('abort', abort, {once: true})
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > MOST_CHARACTERS) break
  }
  return text
}

/** Asks on the terminal and reads one line that is not shown. Throws NoTerminalError where there is none. */
export async function askSecret(question: string, interrupted: AbortSignal): Promise<string> {
  const {stdin, stderr} = process
  if (!stdin.isTTY) throw new NoTerminalError()
  stderr.write(printable(question))
  stdin.setRawMode(true)
  try {
    return await readHiddenLine(stdin, interrupted)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

const [CTRL_C, CTRL_D, CTRL_U, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\u0015', '\b', '\u007f']

const readHiddenLine = async (stdin: NodeJS.ReadStream, interrupted: AbortSignal): Promise<string> => {
  let release: () => void = () => undefined
  try {
    return await new Promise((resolve, reject) => {
      let line = ''
      const onData = (chunk: Buffer): void => {
        for (const character of chunk.toString('utf8')) {
          if (character === CTRL_C) return void reject(new InterruptedError())
          if (character === '\r' || character === '\n' || character === CTRL_D) return void resolve(line)
          if (character === BACKSPACE || character === DELETE) line = line.slice(0, -1)
          else if (character === CTRL_U) line = ''
          else line += character
        }
      }
      const onEnd = (): void => reject(new NoTerminalError())
      const onAbort = (): void => reject(new InterruptedError())
      // A question before this one has paused it.
      stdin.on('data', onData).on('end', onEnd).resume()
      interrupted.addEventListener('abort', onAbort)
      release = () => {
        stdin.off('data', onData).off('end', onEnd)
        interrupted.removeEventListener('abort', onAbort)
      }
      if (interrupted.aborted) onAbort()
    })
  } finally {
    release()
  }
}
