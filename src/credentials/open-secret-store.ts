import {fileStore} from './file-store.ts'
import {keychainStore} from './keychain-store.ts'
import type {SecretStore} from './secret-store.ts'

/** The store of a kind on this machine. */
export const openSecretStore = (
  kind: SecretStore['kind'],
  {env, config}: {env: NodeJS.ProcessEnv; config: string},
): SecretStore => (kind === 'keychain' ? keychainStore(env) : fileStore(config))
