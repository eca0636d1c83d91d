import {fileURLToPath} from 'node:url'
import type {Context} from '../actions/context.ts'
import {cancelForwards} from '../actions/ports/end-forwards.ts'
import type {ForwardEvent} from '../actions/ports/forward-event.ts'
import {forwardInBackground} from '../actions/ports/forward-in-background.ts'
import {forwardPorts, IDLE_MS, WAIT_MS} from '../actions/ports/forward-ports.ts'
import {BaseCommand} from '../cli/base-command.ts'
import {forwardArgs, forwardFlags, InvalidForwardError} from '../cli/forward-flags.ts'
import {boundLog, jsonOf, lineOf, localText, printLine, recordJson, reverseText} from '../cli/forward-report.ts'
import {linesOfSsh, quotation, quotationJson} from '../cli/ssh-words.ts'
import {tryBrowser} from '../cli/ui/open-browser.ts'
import type {Column} from '../cli/ui/table.ts'
import {LOOPBACK} from '../forward/local-port.ts'
import {type PortSpec, remoteText, reversePort} from '../forward/port-spec.ts'
import type {ForwardRecord} from '../forward/record-file.ts'
import {listRecords} from '../forward/records.ts'
import {surroundingsHere, wayToBrowser} from '../login/surroundings.ts'

/** In the background nobody sees what is forgotten. */
const BACKGROUND_SECONDS = 12 * 3600

export default class PortForward extends BaseCommand {
  static override summary = 'Forward ports of this machine to the workspace, or of the workspace to this machine'
  static override description =
    `Listens on 127.0.0.1 and ::1 until Ctrl-C, or until whoever started it is gone. A port stays ours when the connection is
lost: those who connect meanwhile wait for another one, up to 15 seconds. Other users of this machine can connect too.
With --reverse the workspace listens, and who connects there reaches the port of this machine; the local port still stands first.`
  static override examples = [
    '<%= config.bin %> port-forward 5173',
    '<%= config.bin %> port-forward 8080:3000 0:5432 --workspace payments-api',
    '<%= config.bin %> port-forward 8080:5173 --open',
    '<%= config.bin %> port-forward --reverse 8080:3000',
    '<%= config.bin %> port-forward 3000 --background --for 2h',
    '<%= config.bin %> port-forward --list',
    '<%= config.bin %> port-forward --cancel 3000',
  ]
  static override args = forwardArgs
  static override flags = forwardFlags
  #isStreaming = false
  #lastLine = ''

  async run(): Promise<object | undefined> {
    const {args, flags} = await this.parse(PortForward)
    const {list, cancel, all, background, workspace, profile, address = LOOPBACK, reverse: isReverse, open} = flags
    const ports = isReverse ? (args.ports ?? []).map(reversePort) : (args.ports ?? [])
    if (list) return this.#list()
    if (cancel) return this.#cancel(ports, all)
    if (ports.length === 0) throw new InvalidForwardError('No port is named.', 'Name one: runcode port-forward 5173')
    const {for: limitSeconds} = flags
    if (background) return this.#background({ports, workspace, profile, address, isReverse, limitSeconds, open})
    this.#isStreaming = this.jsonEnabled()
    const context = this.createContext()
    let isOpened = !open
    const tell = (event: ForwardEvent): void => {
      if (flags.detached) boundLog()
      this.#tell(event)
      if (event.event !== 'ready' || isOpened) return
      isOpened = true
      void this.#open(context, event.port.local)
    }
    const input = {ports, workspace, profile, addresses: address, isReverse, isBackground: flags.detached}
    await forwardPorts(context, {...input, limitSeconds, waitMs: WAIT_MS, idleMs: IDLE_MS, tell})
    return undefined
  }

  /** Events are lines of JSON, and so is the failure that may end them. */
  override logJson(json: unknown): void {
    if (!this.#isStreaming) super.logJson(json)
    else if (json !== undefined) printLine(json)
  }

  #tell(event: ForwardEvent): void {
    const words = this.isVerbose && event.event === 'lost' ? linesOfSsh(event.said) : []
    if (this.#isStreaming) this.logJson({...jsonOf(event), ...quotationJson(words)})
    const {text, isAnswer} = lineOf(event)
    if (isAnswer) this.log(text)
    // What happens to all ports at once is said once.
    else if (text !== this.#lastLine) for (const line of [text, ...quotation(words)]) this.say(line)
    this.#lastLine = text
  }

  async #background({
    ports,
    workspace,
    profile,
    address,
    isReverse,
    limitSeconds,
    open,
  }: InBackground): Promise<object> {
    const words = [
      ...['port-forward', '--json', '--detached', `--for=${limitSeconds ?? BACKGROUND_SECONDS}`],
      ...(this.isVerbose ? ['--verbose'] : []),
      ...(workspace === undefined ? [] : [`--workspace=${workspace}`]),
      ...(profile === undefined ? [] : [`--profile=${profile}`]),
      ...(isReverse ? ['--reverse'] : address.map((one) => `--address=${one}`)),
      ...ports.map((port) => `${port.local}:${remoteText(port)}`),
    ]
    const self = [process.execPath, SELF] as const
    const context = this.createContext()
    const {pid, logFile, events} = await forwardInBackground(context, {
      self,
      words,
      portCount: ports.length,
    })
    for (const {event, local, remote, message} of events) {
      const [from, to] = [`localhost:${local}`, `port ${remote}`]
      const ways = isReverse ? `${to} of the workspace to ${from}` : `${from} to ${to}`
      if (event === 'ready') this.log(`Forwarding ${ways}, in the background (${pid}).`)
      else this.say(`Not forwarded: ${message}`)
    }
    const first = events.find(({event}) => event === 'ready')
    if (open) await this.#open(context, Number(first?.['local']))
    return {pid, log: logFile, forwards: events}
  }

  async #open({env}: Context, local: number): Promise<void> {
    const whyNot = await tryBrowser(`http://localhost:${local}/`, env, wayToBrowser(surroundingsHere(env), [local]))
    if (whyNot !== undefined) this.say(whyNot)
  }

  async #list(): Promise<object> {
    const forwards = await listRecords(this.createContext().folders.state)
    this.logTable(forwards, COLUMNS)
    if (forwards.length === 0) this.say('Nothing is forwarded.')
    return {forwards: forwards.map(recordJson)}
  }

  async #cancel(ports: readonly PortSpec[], all: boolean): Promise<object> {
    if (all === ports.length > 0)
      throw new InvalidForwardError('Which forwards are to end is not clear.', 'Name their local ports, or say --all.')
    const cancelled = await cancelForwards(this.createContext(), all ? 'all' : ports.map(({local}) => local))
    for (const one of cancelled) this.log(`Closed ${one.isReverse ? reverseText(one) : localText(one)}.`)
    if (cancelled.length === 0) this.say('Nothing is forwarded.')
    return {cancelled: cancelled.map(recordJson)}
  }
}

interface InBackground {
  readonly ports: readonly PortSpec[]
  readonly workspace: string | undefined
  readonly profile: string | undefined
  readonly address: readonly string[]
  readonly isReverse: boolean
  readonly limitSeconds: number | undefined
  readonly open: boolean
}

const COLUMNS: readonly Column<ForwardRecord>[] = [
  {head: 'LOCAL', cell: (one) => localText(one)},
  {head: 'REMOTE', cell: remoteText},
  {head: 'WORKSPACE', cell: ({title}) => title},
  {head: 'PROFILE', cell: ({account}) => account},
  {head: 'PID', cell: ({pid}) => String(pid)},
  {head: 'UNTIL', cell: ({until}) => until?.toISOString() ?? ''},
  {head: 'FROM', cell: ({isReverse}) => (isReverse ? 'workspace' : 'here')},
]

/** This very program, for the process in the background. */
const SELF = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
