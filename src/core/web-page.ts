import {createHash} from 'node:crypto'

/** Text that is HTML already. Made by html`` alone. */
export interface Html {
  readonly html: string
}

/** HTML from a template; whatever is filled in is text and shown as such, unless it is Html itself. */
export const html = (parts: TemplateStringsArray, ...values: readonly (string | number | Html)[]): Html => ({
  html: parts.map((part, at) => part + (at < values.length ? inHtml(values[at] ?? '') : '')).join(''),
})

const inHtml = (value: string | number | Html): string =>
  typeof value === 'object' ? value.html : String(value).replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)

export interface WebPage {
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/**
 * A page for a browser on this machine: without scripts, in the colours that its reader prefers, in no frame and in no
 * cache. `formTargets`: what its form may lead to, redirects included (CSP Level 3 section 6.4.1).
 */
export function webPage({title, main, formTargets = [], goOnTo}: PageParts): WebPage {
  const targets = formTargets.length === 0 ? "'none'" : ["'self'", ...formTargets].join(' ')
  const text = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${goOnTo === undefined ? html`` : html`<meta http-equiv="refresh" content="0; url=${goOnTo}">`}
<title>${title}</title>
${{html: `<style>${STYLE}</style>`}}
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`.html
  return {
    text,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${targets}; base-uri 'none'; frame-ancestors 'none'`,
      ...GUARDS,
    },
  }
}

export interface PageParts {
  readonly title: string
  readonly main: Html
  readonly formTargets?: readonly string[]
  /** Where the browser goes at once. */
  readonly goOnTo?: string
}

/** What every answer to a browser says. Not `no-referrer`, with which a form tells no origin (Fetch, "append a request Origin header"). */
export const GUARDS = {
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

const STYLE = `
:root { --ground: #f4f5f7; --card: #ffffff; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; --act: #0b5cad; --on-act: #ffffff; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0f1217; --card: #181c23; --ink: #e6e9ee; --quiet: #a3acb8; --line: #38404b; --act: #7cb7ff; --on-act: #0b1a2b; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.5rem 1rem; min-height: 100vh; display: flex; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { margin: auto; width: 100%; max-width: 36rem; padding: clamp(1.25rem, 5vw, 2.25rem); background: var(--card);
  border: 1px solid var(--line); border-radius: .75rem; }
h1 { margin: 0 0 .75rem; font-size: 1.45rem; line-height: 1.25; text-wrap: balance; }
p { margin: 0 0 1rem; }
dl { margin: 1.25rem 0; border-top: 1px solid var(--line); }
dl div { padding: .65rem 0; border-bottom: 1px solid var(--line); display: grid; grid-template-columns: 7rem 1fr; gap: .25rem 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .95em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: nowrap; }
pre { margin: 0 0 1rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--ground); overflow-x: auto; }
.note { padding: .65rem .9rem; border-left: .25rem solid var(--act); background: var(--ground); }
.quiet { color: var(--quiet); margin-bottom: 0; }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
button { flex: 1 1 9rem; min-height: 2.9rem; padding: .5rem 1.25rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--ink); background: transparent; border: 1px solid var(--quiet); border-radius: .5rem; }
button.act { color: var(--on-act); background: var(--act); border-color: var(--act); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 3px; }
@media (max-width: 28rem) {
  dl div { grid-template-columns: 1fr; }
  pre { padding: .75rem; font-size: .85em; }
}
`

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
