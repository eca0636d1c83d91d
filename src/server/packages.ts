import {RuncodeError, systemCode} from '../core/errors.ts'

/** What the server needs and the client does not: an installation may leave it out (`npm install --omit=optional`). */
const PACKAGES = ['@peculiar/x509', 'fastify', 'libsql', 'reflect-metadata', 'ssh2'] as const

/** This installation is of the client alone. */
export class MissingPackagesError extends RuncodeError {
  constructor(names: readonly string[]) {
    super(`This installation has no server: ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not installed.`, {
      code: 'missing_package',
      hint: 'Install runcode again with its optional packages: npm install --include=optional',
      facts: {packages: names},
    })
  }
}

/** Throws MissingPackagesError where the server could not be loaded. */
export function requirePackages(): void {
  const missing = PACKAGES.filter((name) => !isThere(name))
  if (missing.length > 0) throw new MissingPackagesError(missing)
}

const isThere = (name: string): boolean => {
  try {
    import.meta.resolve(name)
    return true
  } catch (error) {
    if (systemCode(error) === 'ERR_MODULE_NOT_FOUND') return false
    throw error
  }
}
