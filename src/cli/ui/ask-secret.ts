import {text} from 'node:stream/consumers'
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

/** All of stdin, or InterruptedError at Ctrl-C. */
export async function readStdin(interrupted: AbortSignal): Promise<string> {
  const abort = (): void => void process.stdin.destroy(new InterruptedError())
  interrupted.addEventListener('abort', abort, {once: true})
  return text(process.stdin)
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

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f']

const readHiddenLine = (stdin: NodeJS.ReadStream, interrupted: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    let line = ''
    const onData = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\r' || character === '\n' || character === CTRL_D || character === CTRL_C) {
          stdin.off('data', onData)
          if (character === CTRL_C) reject(new InterruptedError())
          else resolve(line)
          return
        }
        if (character === BACKSPACE || character === DELETE) line = line.slice(0, -1)
        else line += character
      }
    }
    stdin.on('data', onData)
    stdin.once('end', () => reject(new NoTerminalError()))
    interrupted.addEventListener('abort', () => reject(new InterruptedError()), {once: true})
  })
