const secrets = new Set<string>()

/** A secret that this process holds: whatever is redacted from now on is without it. */
export const keepSecret = (secret: string): void => {
  secrets.add(secret)
}

/** What a secret looks like that somebody else holds; each is replaced by its name. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '<private key>'],
  [/\b[a-z0-9-]+-cert-v01@openssh\.com [A-Za-z0-9+/=]+/g, '<certificate>'],
  [/\b(Bearer|Basic) +[\w.~+/=-]+/gi, '$1 <secret>'],
  [/(?<=:\/\/)[^\s/@"]+@/g, '<secret>@'],
]

/** A text for a log, without the secrets that we hold and whatever looks like one. */
export function redact(text: string): string {
  let without = text
  for (const secret of secrets) without = without.replaceAll(secret, '<token>')
  return LOOKS.reduce((rest, [look, name]) => rest.replaceAll(look, name), without)
}
