import { randomUUID } from 'node:crypto'
import type { AccountRegistry, KeyDetails, NewKey } from './account-registry.js'
import { frozenCopy } from './frozen-copy.js'
import type { Author, HistoryEntry, Operation, OperationOf } from './operations.js'
import type { RecordChange } from './storage.js'
import { RegistryError } from '../errors.js'
import type { Account, Client, Credential } from '../registry.js'
import { checkKeyDetails } from './key-details.js'
import { issueKey } from './key.js'

/** Does an operation, and tells what it has made of the records. */
export type CarryOut = (
  operation: Operation,
  author: Author,
) => Promise<{ readonly entry: HistoryEntry; readonly change: RecordChange }>

/** What a registry does, each with a name of its own. */
type AccountOperations = Omit<
  AccountRegistry,
  | 'account'
  | 'client'
  | 'accounts'
  | 'clientsOf'
  | 'history'
  | 'onChange'
  | 'onOperation'
  | 'findByDigest'
  | 'peekByDigest'
  | 'close'
>

/** An operation without its kind, each way of it by itself. */
type Asked<Each extends Operation> = Each extends Operation ? Omit<Each, 'kind'> : never

export function accountOperations(carryOut: CarryOut): AccountOperations {
  const perform = async (operation: Operation, author: Author) => (await carryOut(operation, author)).entry
  const performs =
    <Kind extends Operation['kind']>(kind: Kind) =>
    async (asked: Asked<OperationOf<Kind>> & Author) => {
      const [rest, author] = parted<Author>(asked)
      return perform(operationOf(kind, rest), author)
    }
  return {
    perform,
    ...registering(carryOut),
    verify: performs('verify'),
    async issueKey(asked) {
      const [{ client, ...details }, author] = parted(asked)
      return withKey(details, (credential) => perform({ kind: 'issue-key', client, credential }, author))
    },
    async rotateKey(asked) {
      const [{ client, old, overlapMs, ...details }, author] = parted(asked)
      return withKey(details, (credential) =>
        perform({ kind: 'rotate-key', client, old, credential, overlapMs }, author),
      )
    },
    revokeKey: performs('revoke-key'),
    async acceptTerms(asked) {
      const [{ acceptedBy, ...rest }, author] = parted(asked)
      const asOf = operationOf('accept-terms', { ...rest, acceptedBy: acceptedBy ?? author.by })
      const { operation, time } = await perform(asOf, author)
      const { version, at = time, acceptedBy: by, entity } = operation as OperationOf<'accept-terms'>
      return frozenCopy({ version, at, by, entity })
    },
    async grant(asked) {
      const [{ account, id = randomUUID(), ...rest }, author] = parted(asked)
      const { operation } = await perform({ kind: 'grant', account, grant: { id, ...rest } }, author)
      return (operation as OperationOf<'grant'>).grant
    },
    withdrawGrant: performs('withdraw-grant'),
    suspend: performs('suspend'),
    reinstate: performs('reinstate'),
    terminate: performs('terminate'),
  }
}

/** What resolves with the record as the operation has made it: by then another may have altered it. */
function registering(
  carryOut: CarryOut,
): Pick<AccountOperations, 'registerAccount' | 'updateAccount' | 'registerClient' | 'updateClient'> {
  const accountMade = async (operation: Operation, author: Author) =>
    frozenCopy((await carryOut(operation, author)).change.accounts[0] as Account)
  const clientMade = async (operation: Operation, author: Author) =>
    frozenCopy((await carryOut(operation, author)).change.clients[0] as Client)
  return {
    async registerAccount(asked) {
      const [{ id = randomUUID(), ...details }, author] = parted(asked)
      return accountMade({ kind: 'register-account', account: id, details }, author)
    },
    async updateAccount(asked) {
      const [{ account, ...changes }, author] = parted(asked)
      return accountMade({ kind: 'update-account', account, changes }, author)
    },
    async registerClient(asked) {
      const [{ id = randomUUID(), account, ...details }, author] = parted(asked)
      return clientMade({ kind: 'register-client', client: id, account, details }, author)
    },
    async updateClient(asked) {
      const [{ client, ...changes }, author] = parted(asked)
      return clientMade({ kind: 'update-client', client, changes }, author)
    },
  }
}

/** What is asked for, and by whom. Where nothing is, everything is missing, and refused as that. */
function parted<Given extends Author>(asked: Given): [rest: Omit<Given, keyof Author>, author: Author] {
  const { by, why, ...rest } = asked ?? {}
  return [rest, why === undefined ? { by } : { by, why }]
}

/** Beside the members of an operation its kind would be one more: whose is asked for would be done, past what the method is for. */
function operationOf<Kind extends Operation['kind']>(kind: Kind, asked: object): OperationOf<Kind> {
  if (Object.hasOwn(asked, 'kind')) {
    throw new RegistryError('invalid', `${kind} is wrong`, [{ path: 'kind', message: 'is not known' }])
  }
  return { kind, ...asked } as unknown as OperationOf<Kind>
}

/** The key itself goes to the caller and nowhere else. */
async function withKey(
  details: KeyDetails,
  keep: (credential: Credential) => Promise<unknown>,
): Promise<NewKey> {
  checkKeyDetails(details)
  const { id = randomUUID(), prefix, notBefore, expiresAt } = details
  const { key, digest, hint } = issueKey(prefix === undefined ? {} : { prefix })
  const credential = frozenCopy({ id, digest, hint, notBefore, expiresAt }) as NewKey['credential']
  await keep(credential)
  return { key, digest, hint, credential }
}
