import {factsOf} from '../actions/choose-workspace.ts'
import type {Place} from '../actions/files/far-side.ts'
import {isCarriable} from '../remote-command/remote-words.ts'
import type {Transferred} from '../transfer/transfer.ts'
import {BaseCommand} from './base-command.ts'
import {UncarriablePathError} from './run-refusals.ts'
import {createMeter, type ShownMeter, sizeText} from './ui/transfer-meter.ts'

interface RawToken {
  readonly type: string
  readonly input: string
}

/** What `put` and `get` share. */
export abstract class TransferCommand extends BaseCommand {
  /** The paths in the order in which they were given: oclif sorts what it calls argv. Throws UncarriablePathError. */
  protected pathsOf(raw: readonly RawToken[]): readonly string[] {
    const paths = raw.filter(({type}) => type === 'arg').map(({input}) => input)
    for (const path of paths) if (!isCarriable(path)) throw new UncarriablePathError(path)
    return paths
  }

  /** Does a transfer with what shows its progress. */
  protected async metered<T>(work: (meter: ShownMeter) => Promise<T>): Promise<T> {
    const meter = createMeter({isJson: this.jsonEnabled()})
    try {
      return await work(meter)
    } finally {
      meter.end()
    }
  }

  protected tellTransfer(
    verb: string,
    {files, bytes, resumedBytes}: Transferred,
    isVerified: boolean,
    where: string,
  ): void {
    const resumed = resumedBytes === 0 ? '' : `, ${sizeText(resumedBytes)} of it from before`
    const count = files === 1 ? '1 file' : `${files} files`
    this.log(`${verb} ${count} (${sizeText(bytes)}${resumed}) ${where}${isVerified ? ', verified' : ''}.`)
  }
}

/** The facts of a transfer in the words of our JSON. */
export const transferJson = (
  {files, bytes, resumedBytes, session, chosen}: Transferred & Place,
  isVerified: boolean,
) => ({
  ...{files, bytes, resumed_bytes: resumedBytes, verified: isVerified},
  ...placeJson({session, chosen}),
})

export const placeJson = ({session: {workspaceId: id, title, account}, chosen}: Place) => ({
  ...factsOf(chosen),
  workspace: {id, title},
  profile: account,
})
