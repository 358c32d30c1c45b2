export { createMisuseCheck, type Ban, type MisuseCheck, type MisuseFound, type Sign } from './check.js'
export { misuseSchema, type IdsOptions, type MisuseOptions, type SignOptions } from './options.js'
