#!/usr/bin/env -S node --import tsx
import {fileURLToPath} from 'node:url'
import {main} from '../src/cli/main.ts'

await main(process.argv.slice(2), fileURLToPath(new URL('..', import.meta.url)))
