#!/usr/bin/env -S node --import tsx
const {join} = require('node:path')

void import('../src/cli/main.ts').then(({main}) => main(process.argv.slice(2), join(__dirname, '..')))
