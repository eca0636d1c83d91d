/** Between two beats, and from TERM to KILL. */
const BEAT_SECONDS = 1
const GRACE_SECONDS = 2

/**
 * Whether what could not be said may be said later: a command may make the stream that it shares with us non-blocking, as
 * every program of Node does, and a slow reader leaves no room in it (EAGAIN). No shell tells that from a channel that is
 * gone. A program of its own does, which SIGPIPE ends there, but for a gateway that has us ignore that (XCU 2.11).
 */
export const isFull = (nonce: string, hasTerminal: boolean): string =>
  hasTerminal
    ? 'full() { [ -t 3 ]; }'
    : [
        'full() { r=255; trap - PIPE; sh -c \'kill -PIPE "$$"\' ||',
        `{ sh -c 'printf "$1"' sh '\\036${nonce} B\\036' >&3; r=$?; }; trap '' PIPE; [ "$r" -lt 128 ]; }`,
      ].join('\n')

/**
 * The wrapper is killed first: it would end the beat when the command ends, and what the command started ignores TERM,
 * perhaps. Where somebody else has killed the wrapper nobody can tell the status any more, and the group is ended too. The
 * beat is in the group itself, and ends with it.
 */
export const beat = ({hasFile, hasTerminal}: {hasFile: boolean; hasTerminal: boolean}): string =>
  [
    `( while sleep ${BEAT_SECONDS} 3>&-; do { say B || full; } && kill -0 "$$" || {`,
    ...(hasTerminal ? ['others() { :; }'] : [OTHERS]),
    'kill -KILL "$$"; others TERM; kill -TERM "-$$"; kill -CONT "-$$"',
    `sleep ${GRACE_SECONDS} 3>&-;${hasFile ? ' rm -f "$t";' : ''} others KILL; kill -KILL "-$$"; exit`,
    '}; done ) >/dev/null 4>&- </dev/null &',
  ].join('\n')

/**
 * Signals the other groups of our session: `timeout 60 npm test` puts itself into one, and `set -m` each job. There is
 * none where we lead no session. From Linux's proc(5), as not every workspace has ps: behind the name of a program, which
 * is what it likes, come state, parent, group and session. A line that a line feed in a name cut is far shorter. At a
 * terminal its hangup is what ends the jobs of a shell, and spares those that were put behind with nohup.
 */
const OTHERS = [
  `others() { for f in /proc/[1-9]*/stat; do read -r l <"$f" && test \${#l} -gt 60 && set -- $1 \${l##*")"} &&`,
  'test $5 = $$ && test $4 != $$ && kill -$1 -$4 && kill -CONT -$4; done; }',
].join('\n')
