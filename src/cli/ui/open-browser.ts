/** Opens an address in the browser of this machine, and does not wait for it. */
export async function openBrowser(address: string): Promise<void> {
  const {default: open} = await import('open')
  // The package hands our whole environment on.
  delete process.env['RUNCODE_TOKEN']
  const child = await open(address)
  child.on('error', () => undefined)
  child.unref()
}
