import {profileOf} from '../../profile/account.ts'
import {apiProxy} from '../../profile/api-proxy.ts'
import {readProfiles} from '../../profile/profile-file.ts'
import type {Context} from '../context.ts'

/**
 * What this environment says of the way to the control plane of an account, and an ssh that a menu starts may not hear of,
 * as the profile does not say it; a sentence each, with how it is kept there.
 */
export async function unseenSettings({env, folders}: Context, account: string): Promise<readonly string[]> {
  const {name, apiBase, httpsProxy, caFile} = profileOf(await readProfiles(folders.config), account)
  const proxy = httpsProxy === undefined ? apiProxy(env, new URL(apiBase), undefined) : undefined
  const unseen = [
    ...(proxy === undefined ? [] : [{variable: proxy.setting, rest: '--https-proxy - < file'}]),
    ...(caFile === undefined && env['RUNCODE_CA_FILE']
      ? [{variable: 'RUNCODE_CA_FILE', rest: '--ca-file <file>'}]
      : []),
  ]
  return unseen.map(({variable, rest}) => {
    const keep = `runcode profile set ${name}`
    return `What is started from a menu, as an editor, may not have ${variable}. Keep it for that: ${keep} ${rest}`
  })
}
