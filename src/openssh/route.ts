/** Options of ssh_config(5), keywords and values, for a connection that ssh does not make itself; none where it does. */
export type Route = readonly (readonly [keyword: string, value: string])[]

/** A route on the command line of ssh, where it counts before that of a config. */
export const routeArgs = (route: Route): readonly string[] =>
  route.flatMap(([keyword, value]) => ['-o', `${keyword}=${value}`])

/** A route in a config. */
export const routeLines = (route: Route): readonly string[] => route.map(([keyword, value]) => `  ${keyword} ${value}`)

/** Names the file that our ProxyCommand tells its failure to. */
export const REPORT_VARIABLE = 'RUNCODE_SSH_LOG'

/**
 * The environment of an ssh that takes a route: its ProxyCommand is run by sh, whatever the login shell is, and adds to the
 * log of that ssh why there is no connection. Of a master ssh drops the words of a ProxyCommand, where there is ControlPersist.
 */
export const routeEnvironment = (
  env: NodeJS.ProcessEnv,
  route: Route,
  logFile: string | undefined,
): NodeJS.ProcessEnv =>
  route.length === 0 ? env : {...env, SHELL: '/bin/sh', ...(logFile === undefined ? {} : {[REPORT_VARIABLE]: logFile})}

/** The line by which our ProxyCommand tells its failure; `isFinal` where another try would fail as well. */
export const routeReport = (reason: string, {isFinal}: {isFinal: boolean}): string =>
  `ssh_proxy ${isFinal ? 'refused' : 'failed'}: ${reason}\n`

/** Such a line. */
export const ROUTE_FAILED = /^ssh_proxy (failed|refused): ([^\n]+)$/m
