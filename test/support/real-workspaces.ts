import {readFileSync} from 'node:fs'
import {request} from 'node:https'
import type {PlannedAnswer} from './fake-control-plane.ts'
import {runcode} from './runcode.ts'
import {temporaryHome} from './temporary-home.ts'

/** Running workspaces of a server of their own. In the project directory of each, the file `where` holds its title. */
export interface RealWorkspaces {
  /** Registers a public key for one of them, and gives what the server answers: a bundle that leads there. */
  mint(title: string, body: unknown): Promise<PlannedAnswer>
  /** Stops and starts one of them, so that its gateway forgets every key. */
  restart(title: string): Promise<void>
  close(): Promise<void>
}

export async function startRealWorkspaces(titles: readonly string[]): Promise<RealWorkspaces> {
  const home = temporaryHome()
  const run = async (...args: string[]): Promise<Record<string, unknown>> => {
    const {status, stdout, stderr} = await runcode([...args, '--json'], {env: home.env, cwd: home.path})
    if (status !== 0) throw new Error(`runcode ${args.join(' ')}: ${stdout}${stderr}`)
    return JSON.parse(stdout) as Record<string, unknown>
  }
  await run('server', 'up')
  const {api_base: base, ca_file: caFile} = await run('server', 'status')
  const {token} = await run('server', 'token', 'create', 'test')
  const ids = new Map<string, unknown>()
  for (const title of titles) ids.set(title, (await run('server', 'workspace', 'create', title))['id'])
  await Promise.all(
    titles.map(async (title) => {
      await run('start', title)
      await runcode(['exec', '-w', title, '--', `echo ${title} > where`], {env: home.env, cwd: home.path})
    }),
  )
  return {
    mint: (title, body) =>
      new Promise((resolve, reject) => {
        const path = `/api/rc/workspace/${ids.get(title)}/ssh-session`
        const headers = {authorization: `Token ${token}`, 'content-type': 'application/json'}
        const options = {method: 'POST', ca: readFileSync(String(caFile)), headers}
        request(`${base}${path}`, options, (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () =>
            resolve({status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString())}),
          )
        })
          .on('error', reject)
          .end(JSON.stringify(body))
      }),
    restart: async (title) => {
      await run('stop', title)
      await run('start', title)
    },
    close: async () => {
      await run('server', 'down', '--purge')
      home.remove()
    },
  }
}
