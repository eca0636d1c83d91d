import {Plugin} from '@oclif/core'

/** The text of oclif.manifest.json for the compiled commands: with it no command has to be loaded to find another. */
export async function manifestText(root) {
  const plugin = new Plugin({errorOnManifestCreate: true, ignoreManifest: true, root})
  await plugin.load()
  const commands = Object.entries(plugin.manifest.commands).toSorted(([a], [b]) => a.localeCompare(b))
  return `${JSON.stringify({...plugin.manifest, commands: Object.fromEntries(commands)}, undefined, 2)}\n`
}
