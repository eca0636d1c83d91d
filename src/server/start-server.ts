import {messageOf} from '../core/errors.ts'
import {removeWhole} from '../core/files.ts'
import {processStart} from '../core/process-identity.ts'
import {admitTo} from './admission.ts'
import {type Api, createApi} from './api/create-api.ts'
import {createPages} from './api/pages/create-pages.ts'
import {ensureAuthority} from './certificate-authority/ensure-authority.ts'
import {keepRenewed} from './certificate-authority/keep-renewed.ts'
import type {EndSteps} from './end-steps.ts'
import type {GatewayOptions} from './gateway/gateway.ts'
import {startGateway} from './gateway/start-gateway.ts'
import {watchIdle} from './idle-watch.ts'
import {keptHostKey} from './kept-host-key.ts'
import {createLogins} from './logins.ts'
import {ownerName} from './owner-name.ts'
import {ensureOwnerToken} from './owner-token.ts'
import {atMost, createPower} from './power.ts'
import {quietly} from './quietly.ts'
import {listenOn, readPorts, writePorts} from './remembered-ports.ts'
import type {RunServerOptions} from './run-server.ts'
import {createProcessRuntime} from './runtime/process-runtime/process-runtime.ts'
import {livingServer, type ServerFacts, webBaseOf, writeServerFacts} from './server-facts.ts'
import {ServerFailedError} from './server-failed.ts'
import type {ServerFolder} from './server-folder.ts'
import {openStore} from './store/open-store.ts'
import type {Store} from './store/store.ts'

export interface StartedServer {
  readonly facts: ServerFacts
  /** Resolves when the server had nothing to do for its idle time. */
  readonly isIdle: Promise<void>
}

/**
 * Starts every part of a server, under the lock of its folder; what has to be undone goes to `end` as soon as it has
 * to, in an order that lets nobody in while the rest goes down. Throws as runServer does.
 */
export async function startServer(
  options: RunServerOptions,
  folder: ServerFolder,
  end: EndSteps,
): Promise<StartedServer> {
  const {version, env, apiPort, gatewayPort, idleSeconds, now} = options
  await refuseASecond(folder)
  end.add(() => removeWhole(folder.facts))

  const store = openStore(folder.database)
  end.add(() => store.close())
  await ensureOwnerToken(store, folder.ownerToken, now())
  const hostKey = await keptHostKey(folder.hostKey)
  const authority = await ensureAuthority(folder.authority, now())
  const ports = await readPorts(folder.ports)
  const runtime = createProcessRuntime({folder: folder.workspaces, env})
  const record = recordTo(store, now)

  const idle = watchIdle(idleSeconds)
  const gateway = await listenOn({
    name: 'gateway',
    explicit: gatewayPort,
    remembered: ports.gateway,
    listen: (port) =>
      startGateway({
        address: LOOPBACK,
        port,
        hostKey: hostKey.privateKey,
        runtime,
        admit: admitTo(store, now),
        record: (event, facts) => {
          idle.noteActivity()
          record(event, facts)
        },
      }),
  })
  const power = createPower({store, runtime, disconnect: gateway.disconnect, now})
  end.add(power.end)
  end.add(gateway.close)
  power.resume()

  const logins = createLogins(now)
  const {pages, port: webPort} = await listenOn({
    name: 'pages',
    explicit: undefined,
    remembered: ports.web,
    listen: async (wanted) => {
      const candidate = createPages({store, logins, owner: ownerName(), now})
      return {pages: candidate, port: await candidate.listen(wanted)}
    },
  })
  end.add(pages.close)

  const create = (): Api =>
    createApi({
      store,
      runtime,
      power,
      disconnectToken: (id) => void gateway.disconnectToken(id),
      gateway: {host: LOOPBACK, port: gateway.port, hostPublicKey: hostKey.publicKey},
      logins,
      webBase: webBaseOf({webPort}),
      tls: authority,
      version,
      idleSeconds,
      now,
      onActivity: idle.noteActivity,
    })
  const {api, port} = await listenOn({
    name: 'API',
    explicit: apiPort,
    remembered: ports.api,
    listen: async (wanted) => {
      const candidate = create()
      return {api: candidate, port: await candidate.listen(wanted)}
    },
  })
  end.add(api.close)

  const renewal = keepRenewed({
    folder: folder.authority,
    current: authority,
    now,
    onRenewed: api.renew,
    onFailure: (error) => record('certificate_not_renewed', {reason: messageOf(error)}),
  })
  end.add(renewal.stop)
  const sweep = setInterval(() => quietly(() => store.keys.sweep(now())), SWEEP_MS).unref()
  end.add(() => clearInterval(sweep))
  end.add(idle.stop)

  await writePorts(folder.ports, {api: port, gateway: gateway.port, web: webPort})
  await atMost(RESUME_LIMIT_MS, power.settled())
  const facts = {
    pid: process.pid,
    started: await processStart(process.pid),
    version,
    apiPort: port,
    gatewayPort: gateway.port,
    webPort,
    apiBase: `https://localhost:${port}`,
    caFile: authority.caFile,
    idleSeconds,
  }
  await writeServerFacts(folder.facts, facts)
  return {facts, isIdle: idle.begin(() => gateway.connectionCount() > 0)}
}

const LOOPBACK = '127.0.0.1'
const SWEEP_MS = 180_000
/** Workspaces that ran before are waited for, so that whoever started the server finds them running; but not for ever. */
const RESUME_LIMIT_MS = 5000

const refuseASecond = async ({root, facts}: ServerFolder): Promise<void> => {
  const living = await livingServer(facts)
  if (living === undefined) return
  throw new ServerFailedError(`Another server (process ${living.pid}) runs in ${root}.`, {
    hint: 'Use that one, or stop it first.',
    facts: {pid: living.pid, folder: root},
  })
}

const recordTo =
  (store: Store, now: () => Date): GatewayOptions['record'] =>
  (event, facts) =>
    quietly(() => store.audit.record(event, facts, now()))
