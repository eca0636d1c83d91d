/** Opens an address, or a file, in the browser of this machine, and does not wait for it. */
export async function openInBrowser(target: string): Promise<void> {
  const {default: open} = await import('open')
  // The package hands our whole environment on.
  delete process.env['RUNCODE_TOKEN']
  const child = await open(target)
  child.on('error', () => undefined)
  child.unref()
}
