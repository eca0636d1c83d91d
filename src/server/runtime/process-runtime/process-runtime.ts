import {mkdirSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {messageOf, RuncodeError} from '../../../core/errors.ts'
import type {Ending} from '../../../core/process.ts'
import {removeTree} from '../../remove-tree.ts'
import type {ExecRequest, Runtime, RuntimeProcess, RuntimeWorkspace} from '../runtime.ts'
import {endMarkedProcesses} from './end-marked-processes.ts'
import {loginShell, shellProgram} from './login-shell.ts'
import {markedProcesses} from './marked-processes.ts'
import {createOutputPipeStock} from './open-output-pipes.ts'
import {type Program, type SpawnOptions, spawnPiped} from './spawn-piped.ts'
import {spawnTerminal} from './spawn-terminal.ts'
import {stillbornProcess, unstartable} from './stillborn-process.ts'
import {workspaceEnvironment} from './workspace-environment.ts'
import {isFolder, keepInPlace, makeWorkspaceFolder, type WorkspaceFolder, workspaceFolder} from './workspace-folder.ts'

const START_LIMIT_MS = 10_000
/** Below the folder of all workspaces, and no title: what is needed to start a command, out of the workspaces' way. */
const PIPES = '.pipes'

export interface ProcessRuntimeOptions {
  /** Holds one folder a workspace. */
  readonly folder: string
  /** The server's own environment; see workspaceEnvironment for what of it gets through. */
  readonly env: NodeJS.ProcessEnv
}

/** No command runs in the workspace. */
export class WorkspaceStartError extends RuncodeError {
  constructor(shell: string, why: string) {
    super(`The shell ${shell} does not run in the workspace: ${why}.`, {
      code: 'start_failed',
      hint: 'Set SHELL to a shell that works, and restart the server.',
    })
  }
}

/**
 * Workspaces that are folders of this machine, whose commands are processes of the server's own user. It is no
 * isolation: a workspace can do whatever that user can. Throws FileError where the folder cannot
 * be made, UnsafeFolderError where it is a link.
 */
export function createProcessRuntime({folder, env}: ProcessRuntimeOptions): Runtime {
  const refuseMoved = keepInPlace(folder)
  const pipes = createOutputPipeStock(join(resolve(folder), PIPES))
  const running = new Map<RuntimeProcess, string>()
  const shell = loginShell(env)
  const placeOf = (workspace: RuntimeWorkspace): WorkspaceFolder => workspaceFolder(resolve(folder), workspace)

  const spawn = (
    workspace: RuntimeWorkspace,
    requested: ExecRequest['env'],
    run: (options: SpawnOptions) => RuntimeProcess,
  ): RuntimeProcess => {
    try {
      const place = placeOf(workspace)
      refuseMoved()
      // A command may have removed its home; without it no other one starts.
      if (isFolder(place.root)) mkdirSync(place.home, {recursive: true, mode: 0o700})
      const child = run({
        cwd: place.home,
        env: workspaceEnvironment({env, workspace, folder: place, requested}),
      })
      running.set(child, place.root)
      void child.ended.then(() => running.delete(child))
      return child
    } catch (error) {
      return stillbornProcess(Promise.resolve(unstartable(error)))
    }
  }
  const exec = (workspace: RuntimeWorkspace, {command, pty, env: requested}: ExecRequest): RuntimeProcess =>
    spawn(workspace, requested, (options) =>
      pty === undefined
        ? spawnPiped(shellProgram(shell, command), options, pipes.take)
        : spawnTerminal({...options, shell, command, pty}),
    )
  const stop = async (workspace: RuntimeWorkspace): Promise<void> => {
    const {root} = placeOf(workspace)
    const ours = [...running].filter(([, where]) => where === root).map(([child]) => child)
    // Some are known by their parents only, so these are looked at before the first of them goes.
    const seen = await markedProcesses(root, new Set())
    for (const child of ours) child.end()
    await endMarkedProcesses(root, seen)
    // A reader that holds back the output of a dead process must not hold us.
    for (const child of ours) {
      child.stdout.destroy()
      child.stderr.destroy()
    }
    await Promise.all(ours.map(({ended}) => ended))
    if (running.size === 0) await pipes.clear()
  }
  return {
    exec,
    sftp: (workspace) => spawn(workspace, {}, (options) => spawnPiped(SFTP_SERVER, options, pipes.take)),
    stop,
    workdir: (workspace) => placeOf(workspace).workdir,
    start: async (workspace) => {
      refuseMoved()
      await makeWorkspaceFolder(placeOf(workspace))
      const child = exec(workspace, {command: 'true', pty: undefined, env: {}})
      child.stdin.end()
      const limit = setTimeout(() => child.end(), START_LIMIT_MS)
      const why = failureOf(await child.ended)
      clearTimeout(limit)
      if (why !== undefined) throw new WorkspaceStartError(shell, why)
    },
    remove: async (workspace) => {
      await stop(workspace)
      refuseMoved()
      await removeTree(placeOf(workspace).root, env)
    },
  }
}

/** The compiled one, also where this file runs from its source. */
const SFTP_SERVER: Program = {
  file: process.execPath,
  argv0: 'runcode-sftp',
  args: [fileURLToPath(new URL('../../../../dist/server/sftp/sftp-server.js', import.meta.url))],
}

const failureOf = (ending: Ending): string | undefined => {
  if (ending.kind === 'unstartable') return messageOf(ending.cause)
  if (ending.kind === 'signalled') return `it was ended by ${ending.signal}`
  return ending.code === 0 ? undefined : `it exits with ${ending.code}`
}
