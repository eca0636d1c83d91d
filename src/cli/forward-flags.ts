import {isIP} from 'node:net'
import {Args, Flags} from '@oclif/core'
import {RuncodeError} from '../core/errors.ts'
import {type PortSpec, parsePortSpec} from '../forward/port-spec.ts'
import {profileFlag} from './base-command.ts'
import {durationFlag} from './duration-flag.ts'
import {RUN_FLAGS} from './run-flags.ts'

/** The words of `port-forward` say nothing that can be done. */
export class InvalidForwardError extends RuncodeError {
  constructor(message: string, hint: string) {
    super(message, {code: 'usage', hint})
  }
}

const address = Flags.custom<string>({
  helpValue: '<address>',
  parse: async (text) => {
    if (isIP(text) === 0)
      throw new InvalidForwardError(
        `"${text}" is no address of a machine.`,
        'Give an IP address, such as 0.0.0.0 for all.',
      )
    return text
  },
})

const MODES = ['background', 'list', 'cancel']
const others = (mode: string): string[] => MODES.filter((one) => one !== mode)

export const forwardArgs = {
  ports: Args.custom<PortSpec>({parse: async (text) => parsePortSpec(text)})({
    multiple: true,
    ignoreStdin: true,
    description: 'PORT, LOCAL:REMOTE or LOCAL:HOST:REMOTE, also with --reverse; a local port of 0 is any free one',
  }),
}

export const forwardFlags = {
  ...profileFlag,
  workspace: Flags.string({
    char: RUN_FLAGS.workspace.char,
    helpValue: RUN_FLAGS.workspace.helpValue,
    description: RUN_FLAGS.workspace.description,
  }),
  address: address({
    multiple: true,
    multipleNonGreedy: true,
    description:
      'listen on this address instead of loopback: whoever reaches it reaches the port; can be given several times',
  }),
  reverse: Flags.boolean({
    default: false,
    exclusive: ['address', 'open', 'list', 'cancel'],
    description:
      'the other way round: port REMOTE of the workspace, on its loopback, leads to port LOCAL of this machine; keeps the workspace busy',
  }),
  open: Flags.boolean({default: false, description: 'open the first port in the browser'}),
  background: Flags.boolean({
    default: false,
    exclusive: others('background'),
    description: 'return when the ports are ready, and forward them for 12h (--for) in a process of its own',
  }),
  for: durationFlag({description: 'end after so long'}),
  list: Flags.boolean({
    default: false,
    exclusive: others('list'),
    description: 'list what is forwarded from this machine',
  }),
  cancel: Flags.boolean({
    default: false,
    exclusive: others('cancel'),
    description: 'end the forwards of these local ports',
  }),
  all: Flags.boolean({default: false, dependsOn: ['cancel'], description: 'with --cancel: of all'}),
  detached: Flags.boolean({
    default: false,
    hidden: true,
    description: 'what --background starts: stay when whoever started it is gone',
  }),
}
