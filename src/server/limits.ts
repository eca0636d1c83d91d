/**
 * What one peer, or all of them together, may take of the server. A stranger is who has not shown a key or a token yet:
 * any process of this machine, of any of its users.
 */

// The SSH gateway: connections.

/** Connections at a time; one more is closed unheard. An editor opens about ten. */
export const MAX_CONNECTIONS = 512
/** Of them, those that came by the keys of one API token; one more is ended when it has shown its key. */
export const MAX_CONNECTIONS_PER_TOKEN = 128
/**
 * Of them, those of strangers: so many before their key exchange, and as many after it, which costs a flood as much as us.
 * One more takes the place of the oldest of its kind, so that nobody can keep others out by waiting.
 */
export const MAX_STRANGERS = 128
/** From the TCP accept to a proven key; OpenSSH's own default is 120 s, for people who type passwords. */
export const LOGIN_LIMIT_MS = 20_000
/** Failures after which a connection is ended; an agent with many keys offers them one by one. */
export const MAX_TRIES = 10
/** Messages of a stranger after its key exchange, failures or not; ten keys take about 20. */
export const MAX_STRANGER_MESSAGES = 100
/** From the client's wish for new keys (RFC 4253 section 9) to having them; both sides only wait meanwhile. */
export const REKEY_LIMIT_MS = 10_000
/**
 * A client that has said nothing for so long is asked for an answer (as by sshd's ClientAliveInterval), and its connection
 * ended after so many questions without one (ClientAliveCountMax): its command ends too. All clients are on this
 * machine, where one that dies closes its socket. What is silent is a relay or a machine behind it that has vanished, or a
 * client that was stopped (Ctrl-Z, a debugger, a paused container) and may come back; the kernel cannot tell them apart.
 * So 5 minutes: time to look at something else, and nothing that nobody waits for runs overnight. sshd's usual 15 s and 3
 * would end what was stopped for a minute. A client of a master may be stopped for as long as it likes: the master answers.
 */
export const CLIENT_ALIVE_MS = 30_000
export const CLIENT_ALIVE_QUESTIONS = 9
/** How long a client may take to hear that we close. */
export const CLOSE_LIMIT_MS = 1000

// The SSH gateway: within a connection.

/**
 * Fifty commands at once over one master, as many that were cut off and still end, and the forwards of a browser. One
 * more is refused, as by sshd's MaxSessions (10): ssh says "Session open refused by peer" and makes a connection of its own.
 */
export const MAX_CHANNELS = 128
/** The smallest packet that a client may ask for: of 0 bytes there would be no end, and each has a cost. OpenSSH asks for 32 KiB. */
export const MIN_PACKET_BYTES = 256
/**
 * Replies that wait for a client which sends requests but reads nothing; then we read no more from it. They are small,
 * and each takes about ten times its size of our memory.
 */
export const MAX_UNSENT_BYTES = 256 << 10
/**
 * For a command whose reader is gone to end by itself, at the SIGPIPE of its next write, before it is asked to. A master
 * tells of that as it does of a client that was killed, so that it has to be short: with what follows, 5 s at most.
 */
export const BROKEN_PIPE_MS = 1500
/** More variables than any client sends for one command. */
export const MAX_VARIABLES = 64
/** Ports that a connection may listen on for its client (`ssh -R`). */
export const MAX_LISTENERS = 16
/** For the target of a forward to answer, on this side or on that of the client. */
export const CONNECT_LIMIT_MS = 10_000
/** How long the target of a forward may take what was already sent to it, once its client is gone. */
export const FLUSH_LIMIT_MS = 2000

// The API.

/** Connections at a time; one more is closed unheard. */
export const MAX_API_CONNECTIONS = 256
/** Of them, those that have not shown a token; one more takes the place of the oldest. */
export const MAX_API_STRANGERS = 128
/** For the TLS handshake, for the headers, and for a whole request. */
export const REQUEST_LIMIT_MS = 10_000
/** Between two requests of a connection. */
export const KEEP_ALIVE_MS = 5000
export const MAX_BODY_BYTES = 64 << 10
/** Keys of one token that open one workspace at a time. Each connect registers one, for half an hour at most. */
export const MAX_KEYS_PER_TOKEN = 1000

// The pages.

/** Connections at a time, all of strangers; one more takes the place of the oldest. A browser opens six. */
export const MAX_PAGE_CONNECTIONS = 64
/** Logins that wait for an answer, of those that are the owner's and of those of strangers; one more takes the place of the oldest. */
export const MAX_WAITING_LOGINS = 16
/** Wrong codes after which every login that waits for one is over: a guess must not hit that of a stranger. */
export const MAX_WRONG_CODES = 5

// The audit.

/** Records kept of each event, the latest. A store has the number with which it was made. */
export const MAX_AUDIT_RECORDS = 10_000
/** `ssh_refused` records in a window of time; the others are only counted. */
export const MAX_REFUSALS = 30
export const REFUSALS_WINDOW_MS = 60_000
