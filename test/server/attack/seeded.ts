/** Random choices that come again for the same seed. */
export interface Seeded {
  /** At least 0, less than `end`. */
  integer(end: number): number
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
  bytes(length: number): Buffer
}

/** The seed of this run: that of RUNCODE_ATTACK_SEED, to repeat a failure, else a new one. */
export const seedOfRun = (): number => Number(process.env['RUNCODE_ATTACK_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** Choices by mulberry32. */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (end: number): number => Math.floor(next() * end)
  return {
    integer,
    chance: (probability) => next() < probability,
    pick: (values) => {
      const value = values[integer(values.length)]
      if (value === undefined) throw new RangeError('nothing to pick from')
      return value
    },
    bytes: (length) => Buffer.from(Array.from({length}, () => integer(256))),
  }
}

const ODD_LENGTHS = [0, 1, 4, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]

/** Spoils bytes: flips, cuts, doubles, inserts, or writes a number that no length should be. */
export function mutated(bytes: Buffer, random: Seeded): Buffer {
  let result = Buffer.from(bytes)
  for (let times = 1 + random.integer(3); times > 0; times -= 1) {
    const at = random.integer(result.length + 1)
    switch (random.integer(6)) {
      case 0:
        if (at < result.length) result[at] = random.integer(256)
        break
      case 1:
        result = result.subarray(0, at)
        break
      case 2:
        result = Buffer.concat([result.subarray(0, at), random.bytes(1 + random.integer(40)), result.subarray(at)])
        break
      case 3:
        result = Buffer.concat([result.subarray(0, at), result.subarray(Math.floor(at / 2))])
        break
      default:
        if (at + 4 <= result.length) result.writeUInt32BE(random.pick(ODD_LENGTHS), at)
    }
  }
  return result
}
