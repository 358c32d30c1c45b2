/** Something that a store cannot mend itself. */
export interface StoreWarning {
  /**
   * `release-failed`: slots that were given back stay taken until the store is back, or until their leases expire. `renewal-failed`:
   * leases may expire while they are held. `subscription-failed`: messages between processes are not heard. `leases-lost`: leases were over
   * while they were held.
   */
  readonly code: 'release-failed' | 'renewal-failed' | 'subscription-failed' | 'leases-lost'
  readonly message: string
  /** What was thrown, where something was. */
  readonly cause: unknown
}
