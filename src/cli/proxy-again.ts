import {endingOf, passSignals, startAttached} from '../core/process.ts'

/** Starts us again without Node's channel, which has taken stdout, for a client that does not wait for a socket. */
export async function relayInChild(): Promise<void> {
  const {env, execPath, execArgv, argv} = process
  const child = startAttached(execPath, [...execArgv, ...argv.slice(1)], {env, stdio: 'inherit'})
  const signals = passSignals(child, ['SIGHUP', 'SIGTERM', 'SIGINT'])
  const ending = await endingOf(child)
  signals.release()
  process.exitCode = ending.kind === 'exited' ? ending.code : 255
}
