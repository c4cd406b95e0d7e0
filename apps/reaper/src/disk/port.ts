/** One filesystem that holds images, as `df` would count it. */
export interface DiskReading {
  /** Where it was measured, as the reaper sees it. */
  readonly path: string;
  /** Two roots on one filesystem are one reading. */
  readonly device: string;
  /** Used + available bytes: what `df` takes as 100 %. Blocks reserved for root are in neither. */
  readonly totalBytes: number;
  /** Bytes an unprivileged writer could still write. */
  readonly freeBytes: number;
  readonly totalInodes: number;
  /** Undefined where the filesystem has no fixed number of inodes (btrfs). */
  readonly freeInodes: number | undefined;
}

/** Looks at the disk: one `statfs` for each filesystem, no engine call. Throws `DISK_UNREADABLE`. */
export interface Disk {
  read(): Promise<readonly DiskReading[]>;
}
