/** Opens an address, or a file, in the browser of this machine, and does not wait for it. */
export async function openInBrowser(target: string): Promise<void> {
  const {default: open} = await import('open')
  // The package hands our whole environment on.
  delete process.env['RUNCODE_TOKEN']
  const child = await open(target)
  child.on('error', () => undefined)
  child.unref()
}

/**
 * Opens an address in the browser of this machine, unless there is none that somebody sits in front of; gives the line that
 * tells why it was not opened. `whyNot`: what is known of that. Whoever names a browser (BROWSER) has one that works here, as
 * in the terminal of an editor.
 */
export async function tryBrowser(
  address: string,
  env: NodeJS.ProcessEnv,
  whyNot: string | undefined,
): Promise<string | undefined> {
  if (whyNot !== undefined && env['BROWSER'] === undefined) return whyNot
  try {
    await openInBrowser(address)
    return undefined
  } catch {
    return `The browser could not be started; open ${address} in one.`
  }
}
