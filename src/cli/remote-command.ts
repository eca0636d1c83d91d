import {ERROR_CODES, EXIT} from '../core/errors.ts'
import {BaseCommand} from './base-command.ts'

/** A command whose exit status is that of a command in a workspace; whatever else goes wrong is 125. */
export abstract class RemoteCommand extends BaseCommand {
  protected override exitOf({exit}: {readonly exit: number}): number {
    return exit === ERROR_CODES.interrupted.exit ? exit : EXIT.notTheCommands
  }
}
