import { describeTelephony } from '../../telephony/test/battery.js'
import { describeEnding } from '../../telephony/test/ending.js'
import { describeProgram } from '../../telephony/test/program.js'
import { buildServer } from '../src/app.js'

const MAIN = new URL('../dist/main.js', import.meta.url)

describeTelephony('Express', buildServer)
describeProgram('Express', MAIN)
describeEnding('Express', MAIN)
