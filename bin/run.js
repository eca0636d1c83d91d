#!/usr/bin/env node
// CommonJS, and one file with all that a warm exec needs: Node loads that soonest. See scripts/fuse.js.
const {join} = require('node:path')
const {main} = require('../dist/hot.cjs')

void main(process.argv.slice(2), join(__dirname, '..'))
