import type {Context} from '../actions/context.ts'
import {throwIfInterrupted} from '../core/interrupted.ts'
import {endingOf, passSignals, startAttached} from '../core/process.ts'
import {listenTo} from '../network/relay.ts'
import type {Reach} from './proxy-path.ts'

/** Carries the bytes between ssh and the gateway, where the connection itself can't be handed over; gives how it ended. */
export async function carry({interrupted}: Context, reach: Reach): Promise<string> {
  const near = listenTo(process.stdin, process.stdout)
  const controller = new AbortController()
  const end = (): void => controller.abort()
  for (const signal of [near.gone, interrupted]) signal.addEventListener('abort', end)
  try {
    const socket = await reach(controller.signal)
    const broken = await near.relayTo(socket, interrupted)
    return broken === undefined ? 'ended' : `broken: ${broken.message}`
  } catch (error) {
    throwIfInterrupted(controller.signal)
    throw error
  } finally {
    near.release()
  }
}

/** Starts us again without Node's channel, which has taken stdout, for a client that does not wait for a socket. */
export async function relayInChild(): Promise<void> {
  const {env, execPath, execArgv, argv} = process
  const child = startAttached(execPath, [...execArgv, ...argv.slice(1)], {env, stdio: 'inherit'})
  const signals = passSignals(child, {passed: ['SIGHUP', 'SIGTERM', 'SIGINT'], ignored: []})
  const ending = await endingOf(child)
  signals.release()
  process.exitCode = ending.kind === 'exited' ? ending.code : 255
}
