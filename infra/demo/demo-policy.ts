import type { DemoOptions } from './options.ts';

/** The largest image of the week at 1:100 has 70,841,138 bytes; a pull needs twice its size at its peak. */
const LARGEST_IMAGE_BYTES = 70_841_138;

/**
 * Room for images on the disk when the disk is the limit. Measured on a real engine with marks of 150 and
 * 210 MB free: no pull failed.
 */
export const DISK_ROOM_BYTES = 690_000_000;

/** An operator's `10m`, at the pace of the demonstration. */
const GRACE_MS = 600_000;

/**
 * The policy of the demonstration, as an operator would write it but for its ages, which are as compressed
 * as the week is. `pace`: how many seconds of the week pass in one.
 */
export function demoPolicy(options: DemoOptions, pace: number): string {
  const grace = `${Math.max(1, Math.round(GRACE_MS / pace))}ms`;
  return [
    '# Written by the demonstration. Marks are free space; grace times are compressed like the week.',
    'mode: enforce',
    'disk:',
    ...diskMarks(options).map((line) => `  ${line}`),
    ...(options.limit === 'budget' ? budgetMarks(options.budgetBytes) : []),
    'grace:',
    `  afterPull: ${grace}`,
    `  afterUse: ${grace}`,
    '',
  ].join('\n');
}

function diskMarks(options: DemoOptions): readonly string[] {
  switch (options.limit) {
    case 'budget':
      return ['start: 64MB', 'stop: 96MB', 'emergency: 16MB'];
    case 'disk':
      return [`start: ${2 * LARGEST_IMAGE_BYTES}B`, `stop: ${3 * LARGEST_IMAGE_BYTES}B`, 'emergency: 32MB'];
    case 'tight':
      // Far less than a pull needs: most of the larger ones meet a full disk.
      return ['start: 8MB', 'stop: 16MB', 'emergency: 4MB'];
  }
}

function budgetMarks(budgetBytes: number): readonly string[] {
  return [
    'budget:',
    `  start: ${Math.round(budgetBytes * 0.9)}B`,
    `  stop: ${Math.round(budgetBytes * 0.8)}B`,
  ];
}
