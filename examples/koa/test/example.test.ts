import { describeTelephony } from '../../telephony/test/battery.js'
import { describeProgram } from '../../telephony/test/program.js'
import { buildServer } from '../src/app.js'

describeTelephony('Koa', buildServer)
describeProgram('Koa', new URL('../dist/main.js', import.meta.url))
