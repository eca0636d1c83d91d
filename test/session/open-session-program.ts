import {appendFileSync} from 'node:fs'
import {uptime} from 'node:os'
import {deadlineIn} from '../../src/core/deadline.ts'
import {openSession} from '../../src/session/open-session.ts'
import {exampleMint, exampleOwner} from './example-session.ts'

/** A program: opens a session in a state folder, leaves a line in a file for each mint, prints the folder of the session. */
const [, , state = '', mints = ''] = process.argv
const {session} = await openSession({
  owner: exampleOwner,
  state,
  socketFolders: [],
  env: process.env,
  now: () => ({date: new Date(), uptimeSeconds: uptime(), sleptSeconds: 0}),
  deadline: deadlineIn(15_000, new AbortController().signal),
  force: false,
  route: [],
  mint: async (publicKey) => {
    appendFileSync(mints, `${publicKey}\n`)
    await new Promise((resolve) => setTimeout(resolve, 200))
    return exampleMint()
  },
})
process.stdout.write(session.folder)
