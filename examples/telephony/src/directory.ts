/** A telephone of an account. */
export interface Extension {
  readonly id: string
  readonly name: string
  readonly number: string
}

/** A recorded conversation. */
export interface Recording {
  readonly id: string
  readonly seconds: number
}

/** What an account has. */
export interface Directory {
  readonly extensions: readonly Extension[]
  readonly recordings: readonly Recording[]
}

export interface Country {
  readonly code: string
  readonly name: string
  readonly callingCode: string
}

/** The made-up directory of an account. Every account numbers its extensions as it likes: `101` is somebody else in each. */
export function directoryOf(account: string): Directory {
  return DIRECTORIES.get(account) ?? NOTHING
}

export const COUNTRIES: readonly Country[] = [
  { code: 'DE', name: 'Germany', callingCode: '+49' },
  { code: 'FR', name: 'France', callingCode: '+33' },
  { code: 'GB', name: 'United Kingdom', callingCode: '+44' },
  { code: 'JP', name: 'Japan', callingCode: '+81' },
  { code: 'US', name: 'United States', callingCode: '+1' },
]

const NOTHING: Directory = { extensions: [], recordings: [] }

const DIRECTORIES = new Map<string, Directory>([
  [
    'acme',
    {
      extensions: [
        { id: '101', name: 'Front desk', number: '+1 202 555 0101' },
        { id: '102', name: 'Sales', number: '+1 202 555 0102' },
        { id: '103', name: 'Warehouse', number: '+1 202 555 0103' },
      ],
      recordings: [
        { id: 'acme-1', seconds: 2 },
        { id: 'acme-2', seconds: 3_600 },
      ],
    },
  ],
  [
    'globex',
    {
      extensions: [
        { id: '101', name: 'Reception', number: '+1 202 555 0141' },
        { id: '201', name: 'Laboratory', number: '+1 202 555 0142' },
      ],
      recordings: [
        { id: 'globex-1', seconds: 3 },
        { id: 'globex-2', seconds: 30 },
      ],
    },
  ],
  [
    'initech',
    {
      extensions: [
        { id: '101', name: 'Switchboard', number: '+1 202 555 0161' },
        { id: '102', name: 'Basement', number: '+1 202 555 0162' },
      ],
      recordings: [
        { id: 'initech-1', seconds: 2 },
        { id: 'initech-2', seconds: 4 },
      ],
    },
  ],
  [
    'hooli',
    {
      extensions: [
        { id: '101', name: 'Lobby', number: '+1 202 555 0181' },
        { id: '102', name: 'Roof', number: '+1 202 555 0182' },
      ],
      recordings: [
        { id: 'hooli-1', seconds: 2 },
        { id: 'hooli-2', seconds: 5 },
      ],
    },
  ],
])
