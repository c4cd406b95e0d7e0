/** Above `high` of the capacity images go until at most `low` of it is used. */
export interface Marks {
  readonly capacityBytes: number;
  /** In percent, as an operator writes them. */
  readonly highPercent: number;
  readonly lowPercent: number;
}
