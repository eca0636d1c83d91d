import {type Html, html, type WebPage, webPage} from '../../../core/web-page.ts'
import type {Login} from '../../logins.ts'

/** Asks whether a client may have a token: at once for our own, by way of a terminal for any other. */
export function consentPage(login: Login, {owner, isEarly}: {owner: string; isEarly: boolean}): WebPage {
  const {callbackPort, code, isOurs} = login
  const title = code === undefined ? 'Let runcode use your workspaces?' : 'Is this login yours?'
  const asks =
    code === undefined ? 'runcode, which you started in a terminal' : 'a program that has not shown who it is'
  return webPage({
    title,
    formTargets: [`http://127.0.0.1:${callbackPort}`],
    main: html`<h1>${title}</h1>
<p>A program on this machine wants to log in to the runcode server of <strong>${owner}</strong>.</p>
${code === undefined ? html`` : proof(code, isEarly && !isOurs)}
<dl>
<div><dt>Who asks</dt><dd>${asks}</dd></div>
<div><dt>It may</dt><dd>list, start and stop every workspace, run commands in it, and read and change its files</dd></div>
<div><dt>It may not</dt><dd>make or delete workspaces, or make tokens for others</dd></div>
<div><dt>Sent to</dt><dd>port ${callbackPort} on this machine</dd></div>
<div><dt>For how long</dt><dd>until you revoke it: <code>runcode server token list</code></dd></div>
</dl>
<form method="post" action="/auth/cli-login/">
<input type="hidden" name="id" value="${login.id}">
<input type="hidden" name="form_secret" value="${login.formSecret}">
<button class="act" name="answer" value="approve">${code === undefined ? 'Approve' : 'Continue'}</button>
<button name="answer" value="deny">Deny</button>
</form>
<p class="quiet">You did not start a login just now? Then deny. The question is open for five minutes.</p>`,
  })
}

const proof = (code: string, isEarly: boolean): Html => html`
${isEarly ? html`<p class="note" role="alert">Not confirmed yet. Run the command below first, then continue.</p>` : html``}
<p>If you started it, say so in a terminal, and then continue here:</p>
<pre><code>runcode server approve ${code}</code></pre>`

/** The login was answered, is too old, or never was. */
export const overPage = (): WebPage =>
  webPage({
    title: 'This login is over',
    main: html`<h1>This login is over</h1>
<p>It was approved or denied already, or is older than five minutes. An answer counts once.</p>
<p class="quiet">To log in, start again in a terminal: <code>runcode login</code></p>`,
  })

/** Anything else that is not answered, in one sentence. */
export const refusalPage = (why: string): WebPage =>
  webPage({title: 'This does not work', main: html`<h1>This does not work</h1>\n<p class="quiet">${why}</p>`})
