import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  // CommonJS in TypeScript is left as it is otherwise.
  oxc: { include: /\.[cm]?ts$/ },
  resolve: {
    alias: [
      { find: /^@api-terms\/core$/, replacement: source('packages/core/src/index.ts') },
      { find: /^@api-terms\/core\/node$/, replacement: source('packages/core/src/node/index.ts') },
      { find: /^@api-terms\/express$/, replacement: source('packages/express/src/index.ts') },
      { find: /^@api-terms\/koa$/, replacement: source('packages/koa/src/index.ts') },
      { find: /^@api-terms\/redis$/, replacement: source('packages/redis/src/index.ts') },
      { find: /^@api-terms\/telemetry$/, replacement: source('packages/telemetry/src/index.ts') },
      { find: /^@api-terms\/sqlite$/, replacement: source('packages/sqlite/src/index.ts') },
      { find: /^@api-terms\/example-express$/, replacement: source('examples/express/src/app.ts') },
      { find: /^@api-terms\/example-telephony$/, replacement: source('examples/telephony/src/index.ts') },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', 'test/consumers/**'],
    testTimeout: 20_000,
    // Most files wait for processes and timers of their own: one a core keeps the whole below ten minutes on two of them.
    maxWorkers: '100%',
    // Who waits for a state waits for as long as a busy machine takes.
    expect: { poll: { timeout: 10_000 } },
  },
})
