// The licences of packages whose code goes into fused files: most want their words kept with every copy.
import {readdirSync, readFileSync} from 'node:fs'

/** The licences, as a text, of the packages that files were fused from; `paths` are relative to `root`, as in a metafile of esbuild. */
export function licencesOf(root, paths) {
  const folders = new Set(paths.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []))
  const texts = [...folders].map((folder) => licenceIn(`${root}${folder}`))
  return [...new Set(texts)].toSorted().join('\n')
}

const licenceIn = (folder) => {
  const {name, version, license} = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)/i.test(one))
  if (file === undefined) throw new Error(`The package ${name} comes without the text of its licence (${license}).`)
  return `== ${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`
}
