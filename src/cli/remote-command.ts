import {BaseCommand} from './base-command.ts'
import type {Failure} from './failure.ts'
import {exitOfFailure} from './run-report.ts'

/**
 * A command whose words behind two dashes are for a workspace, and whose exit status is that of the command there;
 * whatever else goes wrong is 125.
 */
export abstract class RemoteCommand extends BaseCommand {
  /**
   * What stands before the dashes, for oclif, and the words behind them, which it must not see: it sorts what it calls
   * argv, so that equal words come together. Undefined where there are no dashes.
   */
  protected splitArgv(): {readonly ours: string[]; readonly words: readonly string[] | undefined} {
    const end = this.argv.indexOf('--')
    if (end === -1) return {ours: this.argv, words: undefined}
    return {ours: this.argv.slice(0, end), words: this.argv.slice(end + 1)}
  }

  protected override exitOf(failure: Failure): number {
    return exitOfFailure(failure)
  }
}
