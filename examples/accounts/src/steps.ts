import type { AccountRegistry } from '@api-terms/core'
import { VERSION } from '@api-terms/example-telephony'
import { setTimeout as passed } from 'node:timers/promises'
import type { Caller } from './caller.js'

/** What a step has to work with. */
interface Walk extends Caller {
  readonly registry: AccountRegistry
}

/** An operation of the registry, and what requests get after it. */
export interface Step {
  readonly operation: string
  readonly clause: string
  act(walk: Walk): Promise<readonly string[]>
}

const by = 'ops@provider.example'
const account = 'umbrella'
const client = 'umbrella-crm'
/** The keys of the client, the one in use last. */
const keys: string[] = []
const inUse = () => keys.at(-1) ?? ''
const old = () => keys.at(-2) ?? ''

/** In the order of an account's life. */
export const STEPS: readonly Step[] = [
  {
    operation: 'registerAccount, registerClient, issueKey',
    clause: '1(c)',
    async act({ registry, answerTo }) {
      const contacts = { technical: 'dev@umbrella.example' }
      await registry.registerAccount({ id: account, name: 'Umbrella', contacts, partner: 'resell', by })
      const privacyPolicyUrl = 'https://umbrella.example/privacy'
      await registry.registerClient({ id: client, account, privacyPolicyUrl, by })
      const { key } = await registry.issueKey({ client, id: 'first', by })
      keys.push(key)
      return [await answerTo(inUse())]
    },
  },
  {
    operation: 'acceptTerms',
    clause: '1(a)',
    async act({ registry, answerTo }) {
      const entity = 'Umbrella'
      const acceptance = await registry.acceptTerms({
        client,
        version: VERSION,
        entity,
        by: 'jane@umbrella.example',
      })
      return [`${acceptance.version} for ${acceptance.entity}`, await answerTo(inUse())]
    },
  },
  {
    operation: 'updateAccount, updateClient, verify',
    clause: '1(c)',
    async act({ registry, answerTo }) {
      await registry.updateClient({ client, apis: ['web-meeting'], by })
      const before = await answerTo(inUse())
      await registry.updateClient({ client, apis: null, by })
      await registry.updateAccount({ account, name: 'Umbrella Corporation', by })
      await registry.verify({ account, by })
      return [`with another API granted ${before}`, `with every API ${await answerTo(inUse())}`]
    },
  },
  {
    operation: 'rotateKey',
    clause: '4(b)',
    async act({ registry, answerTo }) {
      const overlapMs = 500
      const { key } = await registry.rotateKey({ client, old: 'first', id: 'second', overlapMs, by })
      keys.push(key)
      const both = `old key ${await answerTo(old())}, new key ${await answerTo(inUse())}`
      await passed(overlapMs)
      return [both, `after the overlap old key ${await answerTo(old())}`]
    },
  },
  {
    operation: 'revokeKey',
    clause: '4(b)',
    async act({ registry, answerTo }) {
      const { key } = await registry.issueKey({ client, id: 'leaked', by })
      await registry.revokeKey({ client, credential: 'leaked', by, why: 'found in a public repository' })
      return [await answerTo(key)]
    },
  },
  {
    operation: 'grant, withdrawGrant',
    clause: '2(d)',
    async act({ registry, answerTo }) {
      const until = new Date(Date.now() + 500)
      const given = { account, limits: { read: 25 }, consentedBy: 'sales@provider.example', by }
      await registry.grant({ ...given, until })
      const granted = await answerTo(inUse())
      await passed(500)
      const over = await answerTo(inUse())
      const { id } = await registry.grant(given)
      await registry.withdrawGrant({ account, grant: id, by })
      return [granted, `after its time ${over}`, `withdrawn ${await answerTo(inUse())}`]
    },
  },
  {
    operation: 'suspend, reinstate',
    clause: '3(a)',
    async act({ registry, answerTo, stream }) {
      const { ended } = await stream(inUse())
      await registry.suspend({ account, by, why: 'it disturbs others' })
      const suspended = `${await answerTo(inUse())}, ${await ended}`
      await registry.reinstate({ account, by })
      return [suspended, `reinstated ${await answerTo(inUse())}`]
    },
  },
  {
    operation: 'suspend, reinstate a partner',
    clause: '1(d)',
    async act({ registry, answerTo }) {
      await registry.suspend({ partner: 'resell', by })
      const suspended = await answerTo(inUse())
      await registry.reinstate({ partner: 'resell', by })
      return [suspended, `reinstated ${await answerTo(inUse())}`]
    },
  },
  {
    operation: 'terminate',
    clause: '6(a)',
    async act({ registry, answerTo }) {
      await registry.terminate({
        account,
        from: new Date(Date.now() + 500),
        by,
        why: 'notice by the customer',
      })
      const notice = await answerTo(inUse())
      await passed(500)
      const over = await answerTo(inUse())
      const back = await registry.reinstate({ account, by }).then(
        () => 'reinstated',
        (error: unknown) => (error as Error).message,
      )
      return [`notice given ${notice}`, `from its date ${over}`, back]
    },
  },
]
