import type { Server } from 'node:http'

export declare function exchange(server: Server, key: string): Promise<void>
