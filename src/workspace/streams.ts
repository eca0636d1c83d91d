/**
 * What the streams of commands carry at a gateway: bytes, and their end; or text alone, whose end is never told, as where
 * they are handed on as strings of JSON.
 */
export type Streams = 'bytes' | 'text'
