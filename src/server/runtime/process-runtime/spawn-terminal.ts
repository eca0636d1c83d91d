import {PassThrough, Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import type {Ending} from '../../../core/process.ts'
import type {RuntimeProcess} from '../runtime.ts'
import {openTerminal, type Terminal, type TerminalOptions} from './open-terminal.ts'
import {endGroup, foregroundGroup, signalGroup} from './process-group.ts'
import {unstartable} from './stillborn-process.ts'

/** Runs a command or a login shell on a terminal of its own. The package for it is loaded by the first of them. */
export function spawnTerminal(options: TerminalOptions): RuntimeProcess {
  const {pty} = options
  const stdin = new PassThrough()
  const stdout = new PassThrough()
  let size = {columns: pty.columns, rows: pty.rows}
  let terminal: Terminal | undefined
  let groupEnd: Promise<unknown> | undefined
  let wasEnded = false
  let isOver = false

  const end = (): void => {
    wasEnded = true
    if (terminal === undefined || isOver) return
    groupEnd ??= endTerminal(terminal.pid)
  }
  const run = async (): Promise<Ending> => {
    try {
      terminal = await openTerminal({...options, pty: {...pty, ...size}})
    } catch (error) {
      stdout.end()
      return unstartable(error)
    }
    if (wasEnded) end()
    void pipeline(stdin, terminal.input).catch(() => undefined)
    void pipeline(terminal.output, stdout).catch(() => undefined)
    const ending = await terminal.ended
    await groupEnd
    isOver = true
    return ending
  }
  return {
    stdin,
    stdout,
    stderr: Readable.from([]),
    ended: run(),
    resize: (columns, rows) => {
      size = {columns, rows}
      if (!isOver) terminal?.resize(columns, rows)
    },
    signal: (name) => {
      if (terminal !== undefined && !isOver) signalGroup(terminal.pid, name)
    },
    end,
  }
}

/**
 * An interactive shell ignores TERM, and hands HUP on to its jobs. What of them is in front is ended by us as well; what
 * is behind and ignores HUP (nohup) was meant to stay.
 */
const endTerminal = (pid: number): Promise<unknown> => {
  const groups = new Set([pid, foregroundGroup(pid) ?? pid])
  return Promise.all([...groups].map((group) => endGroup(group, ['SIGHUP', 'SIGTERM'])))
}
