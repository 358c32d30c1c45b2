import type { Ground } from '../refusal.js'
import type { GateRequest } from '../request.js'

/** What `requests.upgrades` is where it is left out. */
const COMMON_UPGRADES: readonly string[] = Object.freeze(['websocket'])

/** Refuses an upgrade to what is not documented, as `upgrade-not-documented`. Names are compared without case (RFC 9110 §7.8). */
export function createUpgradeCheck(upgrades = COMMON_UPGRADES): (request: GateRequest) => Ground | undefined {
  const documented = new Set(upgrades.map((protocol) => protocol.toLowerCase()))
  const notDocumented = Object.freeze<Ground>({
    reason: 'upgrade-not-documented',
    detail:
      documented.size === 0
        ? 'This API documents no upgrades.'
        : `The documented upgrades are ${[...documented].join(', ')}.`,
  })
  // The server may choose any protocol of the list, so each has to be documented.
  return ({ upgrade }) => {
    if (upgrade === undefined || documented.has(upgrade)) return undefined
    const protocols = upgrade.toLowerCase().split(',')
    return protocols.every((protocol) => documented.has(protocol.trim())) ? undefined : notDocumented
  }
}
