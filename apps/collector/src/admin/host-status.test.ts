import type { Millis } from '@sideband/shared/clock';
import type { HostReport, Registration } from '@sideband/shared/hosts/records';
import type { HostName } from '@sideband/shared/names';
import { describe, expect, it } from 'vitest';
import { hostStatus } from './host-status.ts';

const NOW = 1_800_000_000_000;
const THREE_MINUTES_MS = 180_000;

const fresh = { kind: 'fresh', asOf: NOW - 1_000, isWatching: true, disagreements: 0 } as const;
const stale = { ...fresh, kind: 'stale' } as const;
const watchOnly = { ...fresh, kind: 'watch-only', asOf: null } as const;

function registration(over: Partial<Registration> = {}): Registration {
  return {
    host: 'builder-1' as HostName,
    uuid: 'u',
    systemIds: [],
    seenAt: (NOW - 1_000) as Millis,
    mode: 'enforce',
    engine: 'boot',
    ...over,
  };
}

function report(over: Partial<HostReport> = {}): HostReport {
  return {
    host: 'builder-1',
    at: NOW - 1_000,
    mode: 'enforce',
    engine: 'docker 20.10.24',
    filesystems: [{ path: '/', totalBytes: 100, freeBytes: 50, startBytes: 10, stopBytes: 20 }],
    evidence: fresh,
    warnings: [],
    imageBytes: 30,
    budgetBytes: null,
    state: 'healthy',
    images: [],
    ...over,
  };
}

const lowDisk = [{ path: '/', totalBytes: 100, freeBytes: 9, startBytes: 10, stopBytes: 20 }];

describe('hostStatus', () => {
  it.each([
    ['ok', 'healthy', {}],
    ['note', 'observing', { mode: 'observe' as const, state: 'observing' }],
    ['bad', 'low', { filesystems: lowDisk }],
    ['bad', 'low', { state: 'low' }],
    ['bad', 'low', { mode: 'observe' as const, state: 'low' }],
    ['bad', 'emergency', { filesystems: lowDisk, state: 'emergency' }],
    ['warn', 'over-budget', { budgetBytes: 29 }],
    ['ok', 'healthy', { budgetBytes: 30 }],
    ['warn', 'report-old', { at: NOW - THREE_MINUTES_MS - 1 }],
    ['warn', 'stale', { evidence: stale, mode: 'observe' as const }],
    ['bad', 'low', { evidence: stale, state: 'low' }],
    ['ok', 'healthy', { evidence: watchOnly }],
    ['ok', 'healthy', { state: 'a word of a newer reaper' }],
  ])('is %s, %s, for %j', (level, code, over) => {
    expect(hostStatus(registration(), report(over), NOW)).toMatchObject({ level, code });
  });

  it('says first that nobody was heard, and since when', () => {
    const seenAt = (NOW - THREE_MINUTES_MS - 1) as Millis;

    expect(hostStatus(registration({ seenAt }), report({ state: 'low' }), NOW)).toEqual({
      level: 'bad',
      code: 'silent',
      since: seenAt,
    });
  });

  it('says up to when GitLab was asked', () => {
    expect(hostStatus(registration(), report({ evidence: stale }), NOW).since).toBe(NOW - 1_000);
  });

  it('knows a reaper that has not reported yet', () => {
    expect(hostStatus(registration(), undefined, NOW)).toEqual({
      level: 'note',
      code: 'no-report',
      since: null,
    });
  });
});
