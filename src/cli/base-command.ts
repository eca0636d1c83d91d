import {Command, Flags, type Interfaces} from '@oclif/core'
import type {Context} from '../actions/context.ts'
import {printable} from '../core/printable.ts'
import {createContext} from './create-context.ts'
import {type Failure, failureJson, failureOf, failureText, stackText} from './failure.ts'
import {RUN_FLAGS} from './run-flags.ts'
import {createProgress} from './ui/progress.ts'
import {type Column, table} from './ui/table.ts'

/** `--profile`, for every command that asks a control plane. */
export const profileFlag = {profile: Flags.string(RUN_FLAGS.profile)}

/** What every command shares: its context, `--json` as one object, failures with code, hint and exit status. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {verbose: Flags.boolean({...RUN_FLAGS.verbose, helpGroup: 'GLOBAL'})}
  readonly #warnings: string[] = []
  /** Whether ssh is to be quoted where it fails. */
  protected isVerbose = false

  protected createContext(): Context {
    return createContext({
      progress: createProgress({isQuiet: this.jsonEnabled()}),
      warn: (message) => {
        this.#warnings.push(message)
        if (!this.jsonEnabled()) process.stderr.write(`warning: ${printable(message)}\n`)
      },
    })
  }

  /** With what is the same for all. */
  protected override async parse<
    F extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    B extends Interfaces.OutputFlags<Interfaces.FlagInput>,
    A extends Interfaces.OutputArgs<Interfaces.ArgInput>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse<F, B, A>(options, argv)
    this.isVerbose = 'verbose' in parsed.flags && parsed.flags.verbose === true
    return parsed
  }

  /** One line of the answer for a person, made printable; silent under `--json`. */
  override log(line: string): void {
    if (!this.jsonEnabled()) process.stdout.write(`${printable(line)}\n`)
  }

  /** The answer as a table for a person, or for a pipe; silent under `--json`. */
  protected logTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    if (!this.jsonEnabled()) process.stdout.write(table(rows, columns, {isTerminal: process.stdout.isTTY === true}))
  }

  /** One line on stderr for a person, made printable; silent under `--json`. */
  protected say(line: string): void {
    if (!this.jsonEnabled()) process.stderr.write(`${printable(line)}\n`)
  }

  /** One line on stderr without which nothing can go on, made printable; also under `--json`. */
  protected tell(line: string): void {
    process.stderr.write(`${printable(line)}\n`)
  }

  protected override toSuccessJson(result: unknown): unknown {
    return this.#warnings.length === 0 ? result : {...(result as object), warnings: this.#warnings}
  }

  /** oclif would colour it, and hands on whatever it is given. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`)
  }

  /** The status of a failure; `exec` has one of its own. */
  protected exitOf(failure: Failure): number {
    return failure.exit
  }

  /** oclif loses the exit status under `--json`, and prints argv and its whole config there for a wrong flag. */
  protected override async catch(error: Error): Promise<void> {
    const plain = failureOf(error, {isVerbose: this.isVerbose})
    const flags = Object.keys({...this.ctor.baseFlags, ...this.ctor.flags})
    const failure = plain.code === 'usage' ? (await import('./did-you-mean.ts')).suggestFlag(plain, flags) : plain
    process.exitCode = this.exitOf(failure)
    if (this.jsonEnabled()) this.logJson(failureJson(failure))
    else process.stderr.write(failureText(failure))
    process.stderr.write(stackText(failure, error))
  }
}
