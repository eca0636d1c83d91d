import {realpath} from 'node:fs/promises'
import {join} from 'node:path'
import {RuncodeError} from '../core/errors.ts'
import type {Program} from '../openssh/proxy-command.ts'

/** We run from a place that a package runner clears away, so no file of the user's may name it. */
export class TemporaryProgramError extends RuncodeError {
  constructor(path: string) {
    super(`This program runs from ${path}, which is only there for a while.`, {
      code: 'temporary_program',
      hint: 'Install it first: npm install --global, with the folder or the package that you have.',
      facts: {path},
    })
  }
}

/** Caches of npx, pnpm dlx, yarn dlx and bunx. */
const TEMPORARY = /[/\\](?:_npx|dlx(?:-[^/\\]*)?|xfs-[^/\\]*|bunx-[^/\\]*)[/\\]/

/** Where version managers keep each version of node; the folder goes with the version. */
const VERSION_MANAGERS: Readonly<Record<string, RegExp>> = {
  nvm: /[/\\]\.?nvm[/\\](?:versions[/\\])?(?:node[/\\])?v?\d/,
  fnm: /[/\\]\.?fnm(?:_multishells)?[/\\]/,
  volta: /[/\\]\.?volta[/\\]tools[/\\]/i,
  asdf: /[/\\]\.?asdf[/\\]installs[/\\]/,
  mise: /[/\\](?:mise|rtx)[/\\]installs[/\\]/,
  nodenv: /[/\\]\.?nodenv[/\\]versions[/\\]/,
  n: /[/\\]n[/\\]versions[/\\]node[/\\]/,
}

/**
 * How ssh is to start us for as long as can be: by a path that outlives an upgrade, where there is one that leads to the
 * same file. `warning` tells where there is none. Throws TemporaryProgramError.
 */
export async function stableProgram(
  program: Program,
  home: string,
): Promise<{readonly program: Program; readonly warning: string | undefined}> {
  for (const path of [program.node, program.script]) if (TEMPORARY.test(path)) throw new TemporaryProgramError(path)
  const stable = {node: await stablePath(program.node, home), script: await stablePath(program.script, home)}
  const manager = Object.entries(VERSION_MANAGERS).find(([, place]) =>
    [stable.node, stable.script].some((path) => place.test(path)),
  )
  const fleeting = manager === undefined ? storeOf(stable) : `a version of node that ${manager[0]} manages`
  return {
    program: stable,
    warning:
      fleeting === undefined
        ? undefined
        : `The entries name ${fleeting} (${stable.node}): when that goes, run "runcode config-ssh" again.`,
  }
}

const storeOf = ({node}: Program): string | undefined =>
  node.startsWith('/nix/store/')
    ? 'a path of the Nix store'
    : /[/\\]Cellar[/\\]/.test(node)
      ? 'a version of Homebrew'
      : undefined

const stablePath = async (path: string, home: string): Promise<string> => {
  for (const other of stableNames(path, home)) if (await isSameFile(path, other)) return other
  return path
}

/** Homebrew links `opt/<formula>` to the version in use; Nix its profiles. */
const stableNames = (path: string, home: string): readonly string[] => {
  const [, prefix, formula, rest] = /^(.*)[/\\]Cellar[/\\]([^/\\]+)[/\\][^/\\]+[/\\](.+)$/.exec(path) ?? []
  if (prefix !== undefined && formula !== undefined && rest !== undefined) return [join(prefix, 'opt', formula, rest)]
  const [, inStore] = /^\/nix\/store\/[^/]+\/(.+)$/.exec(path) ?? []
  if (inStore === undefined) return []
  const profiles = [
    join(home, '.nix-profile'),
    `/etc/profiles/per-user/${home.split('/').at(-1)}`,
    '/run/current-system/sw',
  ]
  return profiles.map((profile) => join(profile, inStore))
}

const isSameFile = async (one: string, other: string): Promise<boolean> => {
  const [a, b] = await Promise.all([one, other].map((path) => realpath(path).catch(() => undefined)))
  return a !== undefined && a === b
}
