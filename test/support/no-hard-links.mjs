import promises from 'node:fs/promises'
import {syncBuiltinESMExports} from 'node:module'

/** To be preloaded (`--import`): a file system without hard links, as FAT and many of FUSE are. */
promises.link = async (from, to) => {
  throw Object.assign(new Error(`EPERM: operation not permitted, link '${from}' -> '${to}'`), {code: 'EPERM'})
}
syncBuiltinESMExports()
