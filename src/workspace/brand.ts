declare const brand: unique symbol

/** A string or number that one parser has checked; a raw one does not fit where this is asked for. */
export type Branded<Base, Name extends string> = Base & {readonly [brand]: Name}
