import { describeTelephony } from '../../telephony/test/battery.js'
import { describeEnding } from '../../telephony/test/ending.js'
import { describeProgram } from '../../telephony/test/program.js'
import { describeStarting } from '../../telephony/test/starting.js'
import { buildServer } from '../src/app.js'

const MAIN = new URL('../dist/main.js', import.meta.url)

describeTelephony('Koa', buildServer)
describeProgram('Koa', MAIN)
describeStarting('Koa', MAIN)
describeEnding('Koa', MAIN)
