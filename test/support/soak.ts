/** Whether the whole of what is sampled elsewhere is wanted, however long it takes: `npm run soak`. */
export const isSoak = Boolean(process.env['RUNCODE_SOAK'])
