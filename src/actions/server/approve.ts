import type {Context} from '../context.ts'
import {askServer} from './local-server.ts'

const HINT = 'Look at the page in the browser again; where it is over, start the login again.'

/** Confirms the login whose page shows this code: six digits. Throws RefusedError where none does. */
export async function approveLogin(context: Context, code: string): Promise<void> {
  await askServer(context, {method: 'POST', path: '/logins/confirm', body: {code}, hint: HINT})
}
