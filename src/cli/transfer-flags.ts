import {Flags} from '@oclif/core'
import {profileFlag} from './base-command.ts'
import {RUN_FLAGS} from './run-flags.ts'

/** The flags that `put` and `get` share. */
export const transferFlags = {
  ...profileFlag,
  workspace: Flags.string(RUN_FLAGS.workspace),
  recursive: Flags.boolean({char: 'r', description: 'directories too, with all that is in them'}),
  follow: Flags.boolean({description: 'what links lead to, instead of links'}),
  resume: Flags.boolean({description: 'go on with what an interrupted transfer of the same file left'}),
  'no-clobber': Flags.boolean({description: 'replace nothing: what is there already stays, and the status is 1'}),
  'no-verify': Flags.boolean({description: 'do not compare the SHA-256 of both sides', exclusive: ['resume']}),
  'dry-run': Flags.boolean({description: 'only tell what would be transferred'}),
}
