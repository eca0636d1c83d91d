// Preloaded (NODE_OPTIONS=--import) into a program that shall run as a user whom the system does not know.
import {createRequire, syncBuiltinESMExports} from 'node:module'

const os = createRequire(import.meta.url)('node:os')
os.homedir = () => {
  throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)')
}
os.userInfo = os.homedir
syncBuiltinESMExports()
