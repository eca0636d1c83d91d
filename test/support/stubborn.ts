import assert from 'node:assert/strict'
import {countProcesses, listProcesses} from './processes.ts'
import {until} from './until.ts'

/**
 * Three children that ignore what asks them to end, one of them stopped, one in a group that timeout(1) made for itself;
 * then a daemon that left its session on purpose. The digits are the test's own, so that its processes are known by them.
 */
const STARTED = [
  '(trap "" TERM HUP INT; exec sleep 12345.$1) & kill -STOP $!',
  '(trap "" TERM HUP INT; exec sleep 12345.$1) &',
  'timeout 600 sh -c \'trap "" TERM HUP INT; exec sleep 12345.$0\' "$1" &',
  'setsid sleep 90.$1 &',
].join('\n')

let tags = 0
export const newTag = (): string => {
  tags += 1
  return `${process.pid}${String(tags).padStart(4, '0')}`
}

/** An argv that starts these, and goes on with `line`. */
export const stubborn = (tag: string, line = 'echo up; wait'): readonly string[] => [
  ...['sh', '-c', `${STARTED} ${line}`, 'sh', tag],
]

/** What it starts runs (what is stopped may be a shell still). */
export const isStubbornUp = (tag: string, limitMs: number): Promise<void> =>
  until(
    () => countProcesses(`12345.${tag}`) > 0 && countProcesses(`90.${tag}`) === 1,
    () => `not up: ${listProcesses(tag).join('\n')}`,
    limitMs,
  )

/** All that it started goes; the daemon lives. */
export const isStubbornGone = async (tag: string, limitMs: number, why = ''): Promise<void> => {
  await until(
    () => countProcesses(`12345.${tag}`) === 0,
    () => `${why}: ${listProcesses(`12345.${tag}`).join('\n')}`,
    limitMs,
  )
  const seconds = `90.${tag}`
  assert.deepEqual(listProcesses(seconds), [`sleep\0${seconds}\0`], why)
}
