import { run } from '@api-terms/example-telephony'
import { buildServer } from './app.js'

await run(buildServer)
