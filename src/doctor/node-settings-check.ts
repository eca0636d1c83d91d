import {stat} from 'node:fs/promises'
import type {Check} from './check.ts'

/** Since then Node reads the file of NODE_EXTRA_CA_CERTS when it is needed, and not at each start. */
const LAZY_NODE = 22
const SMALL_BYTES = 16_384

/** What the environment tells Node that costs time, or is not what it seems. */
export const nodeSettingsCheck: Check = {
  name: 'node-settings',
  group: 'This machine',
  about: 'NODE_EXTRA_CA_CERTS names a file and does not slow each start, and NODE_TLS_REJECT_UNAUTHORIZED is not 0',
  examine: async ({env}) => {
    if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
      return {
        status: 'warn',
        detail:
          'NODE_TLS_REJECT_UNAUTHORIZED=0 lets other programs of Node believe anybody; we ask for proof all the same',
        hint: 'Unset it, and name the CA that is missing in NODE_EXTRA_CA_CERTS.',
      }
    const path = env['NODE_EXTRA_CA_CERTS']
    if (!path) return {status: 'ok', detail: 'nothing that matters is set'}
    const stats = await stat(path).catch(() => undefined)
    if (stats === undefined)
      return {
        status: 'warn',
        detail: `NODE_EXTRA_CA_CERTS names ${path}, which cannot be read; Node says so on stderr at each start`,
        hint: 'Name a file that is there, or unset it.',
      }
    if (stats.size <= SMALL_BYTES || Number(process.versions.node.split('.')[0]) >= LAZY_NODE)
      return {status: 'ok', detail: `NODE_EXTRA_CA_CERTS names ${path}`}
    return {
      status: 'warn',
      detail: `NODE_EXTRA_CA_CERTS makes each start slower: this Node reads all ${Math.round(stats.size / 1024)} KiB of ${path} first`,
      hint: 'Name your own CA alone in it, or in RUNCODE_CA_FILE; what the system believes is believed without it.',
    }
  },
}
