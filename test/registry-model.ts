import type { Operation, RegistryFault } from '@api-terms/core'

/** An account as the model has it: nothing is absent. */
interface ModelAccount {
  partner: string | undefined
  name: string | undefined
  status: 'active' | 'suspended' | 'terminated'
  withPartner: boolean
  endsAt: number
  endsWithPartner: boolean
  ownNotice: number
  grants: { id: string; read: number; from: number; until: number }[]
  verifiedAt: number | undefined
}

interface ModelKey {
  digest: string
  endsAt: number
  revoked: boolean
  /** At once, whatever the clock says. */
  ended: boolean
}

interface ModelClient {
  account: string
  name: string | undefined
  status: 'active' | 'suspended' | 'terminated'
  endsAt: number
  keys: ModelKey[]
  accepted: string[]
}

/** The operations that the model knows, with members that are in range: the rest is for the list of refusals. */
export type ModelOperation = Extract<
  Operation,
  {
    kind:
      | 'register-account'
      | 'register-client'
      | 'update-account'
      | 'update-client'
      | 'set-account'
      | 'set-client'
      | 'verify'
      | 'issue-key'
      | 'rotate-key'
      | 'revoke-key'
      | 'accept-terms'
      | 'grant'
      | 'withdraw-grant'
      | 'suspend'
      | 'reinstate'
      | 'terminate'
      | 'remove-account'
      | 'remove-client'
  }
>

/** What a registry is to do, written as plainly as it can be: every fault that there is, and else what changes. */
export class RegistryModel {
  readonly accounts = new Map<string, ModelAccount>()
  readonly clients = new Map<string, ModelClient>()

  /** Does an operation, unless there is a fault; returns all faults that it has. */
  perform(operation: ModelOperation, now: number): Set<RegistryFault> {
    const faults = new Set<RegistryFault>()
    const deed = this.#deed(operation, now, (fault) => void faults.add(fault))
    if (faults.size === 0) deed()
    return faults
  }

  /** What can be seen of it, in a form that a registry's records can be brought into too. */
  get state(): unknown {
    return { accounts: Object.fromEntries(this.accounts), clients: Object.fromEntries(this.clients) }
  }

  #deed(operation: ModelOperation, now: number, refuse: (fault: RegistryFault) => void): () => void {
    const nothing = () => {}
    const account = this.accounts.get(named('account', operation))
    const client = this.clients.get(named('client', operation))
    const isOver = (one: { status: string; endsAt: number }) =>
      one.status === 'terminated' || one.endsAt <= now
    const needed = (one: ModelAccount | ModelClient | undefined) => {
      if (!one) return refuse('unknown')
      const owner = 'account' in one ? this.accounts.get(one.account) : undefined
      if (isOver(one) || (owner && isOver(owner))) refuse('terminated')
    }
    const sharedDigest = (digest: string) =>
      [...this.clients.values()].some(({ keys }) => keys.some((key) => key.digest === digest))
    const keyOf = (digest: string) => {
      const key = client?.keys.find((each) => each.digest === digest)
      if (client && !key) refuse('unknown')
      if (key && (key.revoked || key.endsAt <= now)) refuse('not-in-force')
      return key
    }

    switch (operation.kind) {
      case 'register-account': {
        if (account) refuse('duplicate')
        const { partner, name } = operation.details
        const made = { partner, name, status: 'active', withPartner: false, endsAt: Infinity } as const
        const rest = { endsWithPartner: false, ownNotice: Infinity, grants: [], verifiedAt: now }
        return () => this.accounts.set(operation.account, { ...made, ...rest })
      }
      case 'update-account': {
        needed(account)
        const { name, partner } = operation.changes
        if (name === undefined && partner === undefined) refuse('invalid')
        return () => {
          if (name !== undefined) account!.name = name ?? undefined
          if (partner === undefined || (partner ?? undefined) === account!.partner) return
          account!.partner = partner ?? undefined
          Object.assign(account!, { withPartner: false, endsWithPartner: false, ownNotice: Infinity })
        }
      }
      case 'register-client': {
        needed(account)
        if (client) refuse('duplicate')
        const made = { account: operation.account, status: 'active', endsAt: Infinity } as const
        return () => this.clients.set(operation.client, { ...made, name: undefined, keys: [], accepted: [] })
      }
      case 'update-client': {
        needed(client)
        const { name } = operation.changes
        if (name === undefined) refuse('invalid')
        return () => (client!.name = name ?? undefined)
      }
      case 'set-account': {
        const { id, partner, name, status = 'active', suspendedWithPartner, terminatesAt } = operation.account
        const endsAt = terminatesAt?.getTime() ?? Infinity
        const made = { partner, name, status, withPartner: suspendedWithPartner ?? false, endsAt }
        const rest = { endsWithPartner: false, ownNotice: Infinity, grants: [], verifiedAt: undefined }
        return () => this.accounts.set(id, { ...made, ...rest })
      }
      case 'set-client': {
        const { id, account: owner, name, status = 'active', credentials } = operation.client
        if (!this.accounts.has(owner)) refuse('unknown')
        const digests = credentials.map(({ digest }) => digest)
        const others = [...this.clients].filter(([other]) => other !== id)
        const taken = others.flatMap(([, { keys }]) => keys.map(({ digest }) => digest))
        if (digests.some((digest, at) => digests.indexOf(digest) !== at || taken.includes(digest)))
          refuse('duplicate')
        const keys = digests.map((digest) => ({ digest, endsAt: Infinity, revoked: false, ended: false }))
        return () =>
          this.clients.set(id, { account: owner, name, status, endsAt: Infinity, keys, accepted: [] })
      }
      case 'verify': {
        needed(account)
        return () => (account!.verifiedAt = now)
      }
      case 'issue-key': {
        needed(client)
        const { digest, expiresAt } = operation.credential
        if (sharedDigest(digest)) refuse('duplicate')
        if (expiresAt && expiresAt.getTime() <= now) refuse('invalid')
        const endsAt = expiresAt?.getTime() ?? Infinity
        return () => client!.keys.push({ digest, endsAt, revoked: false, ended: false })
      }
      case 'rotate-key': {
        needed(client)
        const { digest } = operation.credential
        const old = keyOf(operation.old)
        if (sharedDigest(digest)) refuse('duplicate')
        return () => {
          old!.endsAt = Math.min(old!.endsAt, now + operation.overlapMs)
          old!.ended = old!.endsAt <= now
          client!.keys.push({ digest, endsAt: Infinity, revoked: false, ended: false })
        }
      }
      case 'revoke-key': {
        needed(client)
        const key = keyOf(operation.credential)
        return () => Object.assign(key!, { revoked: true, ended: true })
      }
      case 'accept-terms': {
        needed(client)
        const text = [operation.version, operation.acceptedBy, operation.entity].join(' ')
        if (client?.accepted.includes(text)) refuse('duplicate')
        return () => client!.accepted.push(text)
      }
      case 'grant': {
        needed(account)
        const { id, limits, from, until } = operation.grant
        const grant = {
          id,
          read: limits['read']!,
          from: from?.getTime() ?? -Infinity,
          until: until?.getTime() ?? Infinity,
        }
        if (grant.until <= now || grant.until <= grant.from) refuse('invalid')
        if (account?.grants.some((each) => each.id === id && each.until > now)) refuse('duplicate')
        return () => (account!.grants = [...account!.grants.filter((each) => each.until > now), grant])
      }
      case 'withdraw-grant': {
        needed(account)
        const others = account?.grants.filter(({ id, until }) => id !== operation.grant || until <= now)
        if (others?.length === account?.grants.length) refuse('unknown')
        return () => (account!.grants = others!)
      }
      case 'remove-account': {
        if (!account) refuse('unknown')
        return () => {
          this.accounts.delete(operation.account)
          for (const [id, each] of this.clients)
            if (each.account === operation.account) this.clients.delete(id)
        }
      }
      case 'remove-client': {
        if (!client) refuse('unknown')
        return () => this.clients.delete(operation.client)
      }
      case 'suspend':
      case 'reinstate':
      case 'terminate': {
        if ('partner' in operation) return this.#partnerDeed(operation, now, refuse, isOver)
        const one = account ?? client
        needed(one)
        if (!one) return nothing
        return standing(operation, one, now, refuse)
      }
    }
  }

  #partnerDeed(
    operation: Extract<ModelOperation, { partner: string }>,
    now: number,
    refuse: (fault: RegistryFault) => void,
    isOver: (account: ModelAccount) => boolean,
  ): () => void {
    const all = [...this.accounts.values()].filter(({ partner }) => partner === operation.partner)
    const living = all.filter((account) => !isOver(account))
    if (all.length === 0) refuse('unknown')
    else if (living.length === 0) refuse('terminated')
    const active = living.filter(({ status }) => status === 'active')
    const suspended = living.filter(({ withPartner }) => withPartner)
    if (operation.kind === 'suspend') {
      if (living.length > 0 && active.length === 0) refuse('already-suspended')
      return () => active.forEach((each) => Object.assign(each, { status: 'suspended', withPartner: true }))
    }
    if (operation.kind === 'reinstate') {
      if (living.length > 0 && suspended.length === 0) refuse('not-suspended')
      return () => suspended.forEach((each) => Object.assign(each, { status: 'active', withPartner: false }))
    }
    if (operation.from === null) {
      const noticed = living.filter(({ endsWithPartner }) => endsWithPartner)
      if (living.length > 0 && noticed.length === 0) refuse('unknown')
      return () => noticed.forEach((each) => end(each, each.ownNotice, now))
    }
    const from = operation.from?.getTime() ?? now
    return () => living.forEach((each) => endWithPartner(each, from, now))
  }
}

/** Whom an operation names: some have the whole record in that place. */
function named(what: 'account' | 'client', operation: object): string {
  const one = (operation as Record<string, unknown>)[what]
  return typeof one === 'string' ? one : ''
}

function standing(
  operation: Extract<ModelOperation, { kind: 'suspend' | 'reinstate' | 'terminate' }>,
  one: ModelAccount | ModelClient,
  now: number,
  refuse: (fault: RegistryFault) => void,
): () => void {
  const withPartner = 'withPartner' in one && one.withPartner
  const by = 'withPartner' in one ? { withPartner: false } : {}
  if (operation.kind === 'terminate') {
    if (operation.from === null && one.endsAt === Infinity) refuse('unknown')
    return () => end(one, operation.from === null ? Infinity : (operation.from?.getTime() ?? now), now)
  }
  if (operation.kind === 'suspend') {
    if (one.status === 'suspended' && !withPartner) refuse('already-suspended')
    return () => Object.assign(one, { status: 'suspended', ...by })
  }
  if (one.status !== 'suspended') refuse('not-suspended')
  return () => Object.assign(one, { status: 'active', ...by })
}

function end(one: ModelAccount | ModelClient, from: number, now: number): void {
  Object.assign(one, from > now ? { endsAt: from } : { status: 'terminated', endsAt: Infinity })
  if ('withPartner' in one) Object.assign(one, { endsWithPartner: false, ownNotice: Infinity })
  if ('withPartner' in one && from <= now) one.withPartner = false
}

function endWithPartner(one: ModelAccount, from: number, now: number): void {
  const own = one.endsWithPartner ? one.ownNotice : one.endsAt
  end(one, Math.min(own, from), now)
  if (from > now && from < own) Object.assign(one, { endsWithPartner: true, ownNotice: own })
}
