import { randomUUID } from 'node:crypto'
import type { AccountRegistry, KeyDetails, NewKey } from '../accounts/account-registry.js'
import { frozenCopy } from '../accounts/frozen-copy.js'
import type { Author, HistoryEntry, Operation, OperationOf } from '../accounts/operations.js'
import type { RecordChange } from '../accounts/storage.js'
import type { Account, Client, Credential } from '../registry.js'
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
    ({ by, why, ...rest }: Asked<OperationOf<Kind>> & Author) =>
      perform({ kind, ...rest } as unknown as Operation, authorOf(by, why))
  return {
    perform,
    ...registering(carryOut),
    verify: performs('verify'),
    issueKey: ({ client, by, why, ...details }) =>
      withKey(details, (credential) => perform({ kind: 'issue-key', client, credential }, authorOf(by, why))),
    rotateKey: ({ client, old, overlapMs, by, why, ...details }) =>
      withKey(details, (credential) =>
        perform({ kind: 'rotate-key', client, old, credential, overlapMs }, authorOf(by, why)),
      ),
    revokeKey: performs('revoke-key'),
    async acceptTerms({ by, why, acceptedBy = by, ...rest }) {
      const { time } = await perform({ kind: 'accept-terms', acceptedBy, ...rest }, authorOf(by, why))
      return frozenCopy({ version: rest.version, at: rest.at ?? time, by: acceptedBy, entity: rest.entity })
    },
    async grant({ account, by, why, id = randomUUID(), ...rest }) {
      const grant = frozenCopy({ id, ...rest })
      await perform({ kind: 'grant', account, grant }, authorOf(by, why))
      return grant
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
  const account = async (operation: Operation, author: Author) =>
    frozenCopy((await carryOut(operation, author)).change.accounts[0] as Account)
  const client = async (operation: Operation, author: Author) =>
    frozenCopy((await carryOut(operation, author)).change.clients[0] as Client)
  return {
    registerAccount: ({ id = randomUUID(), by, why, ...details }) =>
      account({ kind: 'register-account', account: id, details }, authorOf(by, why)),
    updateAccount: ({ account: id, by, why, ...changes }) =>
      account({ kind: 'update-account', account: id, changes }, authorOf(by, why)),
    registerClient: ({ id = randomUUID(), account: owner, by, why, ...details }) =>
      client({ kind: 'register-client', client: id, account: owner, details }, authorOf(by, why)),
    updateClient: ({ client: id, by, why, ...changes }) =>
      client({ kind: 'update-client', client: id, changes }, authorOf(by, why)),
  }
}

/** The key itself goes to the caller and nowhere else. */
async function withKey(
  { id = randomUUID(), prefix, notBefore, expiresAt, ...unknown }: KeyDetails,
  keep: (credential: Credential) => Promise<unknown>,
): Promise<NewKey> {
  const { key, digest, hint } = issueKey(prefix === undefined ? {} : { prefix })
  // What is not known goes along, to be refused as such.
  const credential = frozenCopy({
    id,
    digest,
    hint,
    notBefore,
    expiresAt,
    ...unknown,
  }) as NewKey['credential']
  await keep(credential)
  return { key, digest, hint, credential }
}

function authorOf(by: string, why: string | undefined): Author {
  return why === undefined ? { by } : { by, why }
}
