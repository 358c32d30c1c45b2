import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`packages/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@api-terms\/core$/, replacement: source('core/src/index.ts') },
      { find: /^@api-terms\/core\/node$/, replacement: source('core/src/node/index.ts') },
      { find: /^@api-terms\/express$/, replacement: source('express/src/index.ts') },
      { find: /^@api-terms\/koa$/, replacement: source('koa/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/consumers/**'],
    testTimeout: 20_000,
  },
})
