import {EXIT} from '../core/errors.ts'
import {homeOf} from './create-context.ts'
import {failureJson, failureOf, failureText} from './failure.ts'
import {runHotPath} from './hot-path.ts'
import {printFor} from './locale.ts'
import {standardError} from './standard-error.ts'
import {startTrace} from './trace-file.ts'
import {watchOutput} from './watch-output.ts'

/**
 * Runs one command line and sets `process.exitCode`; never throws, never ends the process. `root` is the folder of
 * package.json.
 */
export async function main(argv: readonly string[], root: string): Promise<void> {
  const log = process.env['RUNCODE_LOG']
  if (log) startTrace(log, argv)
  // As people ask git, npm and many others.
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
  // Statuses of these are the remote command's own.
  const statusOf = (exit: number): number => (argv[0] === 'exec' || argv[0] === 'ssh' ? EXIT.notTheCommands : exit)
  try {
    if (argv[0] === 'proxy' && (await (await import('./proxy-path.ts')).runProxyPath(argv))) return
    if (await runHotPath(argv)) return
    // oclif asks for one too, and calls it a mistake where there is none.
    homeOf(process.env)
    const {run, settings} = await import('@oclif/core')
    watchOutput(statusOf(EXIT.notHere))
    standardError()
    printFor(process.stdout)
    settings.enableAutoTranspile = false
    // oclif would load plugins that a package.json in its data folder names, and there are none.
    await run([...words], {root, userPlugins: false, devPlugins: false})
  } catch (error) {
    // Only what no command could catch comes here, such as an unknown command.
    const plain = failureOf(error)
    const failure =
      plain.code === 'usage' ? (await import('./did-you-mean.ts')).suggestCommand(plain, words, root) : plain
    const isJson = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes('--json')
    if (isJson) process.stdout.write(`${JSON.stringify(failureJson(failure), undefined, 2)}\n`)
    else standardError().write(failureText(failure))
    process.exitCode = statusOf(failure.exit)
  }
}
