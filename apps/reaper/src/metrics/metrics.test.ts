import { readFile } from 'node:fs/promises';
import { ManualClock } from '@sideband/shared/clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Family, parseExposition } from './exposition.suite.ts';
import type { CycleSeen } from './gauges.ts';
import { createMetrics, type Metrics } from './metrics.ts';

let clock: ManualClock;
let metrics: Metrics;

beforeEach(() => {
  clock = new ManualClock(1_800_000_000_000);
  metrics = createMetrics(clock);
});

async function family(name: string): Promise<Family> {
  const found = parseExposition(await metrics.text()).get(name);
  if (found === undefined) throw new Error(`There is no ${name}`);
  return found;
}

/** Labels → value. */
async function values(name: string): Promise<Record<string, number>> {
  const { values } = await family(`sideband_reaper_${name}`);
  return Object.fromEntries(values);
}

function cycle(seen: Partial<CycleSeen> = {}): CycleSeen {
  return {
    at: clock.now(),
    images: 12,
    filesystems: [{ path: '/var/lib/docker', freeBytes: 5_000_000_000 }],
    shortfallBytes: 0,
    freshness: { kind: 'fresh', asOf: clock.now() },
    ...seen,
  };
}

describe('before anything happened', () => {
  test('what is not known is not served', async () => {
    const gauges = [
      'evidence_age_seconds',
      'evidence_stale',
      'evidence_kind',
      'watch_connected',
      'images',
      'shortfall_bytes',
      'filesystem_free_bytes',
      'last_cycle_timestamp_seconds',
      'second_reaper',
    ];
    for (const name of gauges) expect([name, await values(name)]).toEqual([name, {}]);
  });

  test('every counter is there at 0, so that its first increase is seen', async () => {
    const calls = await values('engine_calls_total');
    expect(Object.keys(calls)).toHaveLength(10);
    expect(new Set(Object.values(calls))).toEqual(new Set([0]));
    expect(Object.keys(await values('watch_events_total'))).toHaveLength(10);
    expect(await values('watch_gaps_total')).toEqual({ '': 0 });
    expect(await values('disagreements_total')).toEqual({
      'kind="gitlab-only"': 0,
      'kind="watch-only"': 0,
      'kind="unheard"': 0,
    });
    expect(Object.keys(await values('evictions_total'))).toHaveLength(4);
    expect(await values('freed_bytes_total')).toEqual({ '': 0 });
  });
});

test('what happened is counted', async () => {
  metrics.engineCalled('GET /images/json');
  metrics.engineCalled('GET /images/json');
  metrics.eventCame({ kind: 'container', action: 'start' });
  metrics.eventCame({ kind: 'image', action: 'pull' });
  metrics.disagreed('watch-only', 3);
  metrics.evictionEnded('evicted', 700);
  metrics.evictionEnded('evicted', 300);
  metrics.evictionEnded('in-use', 5_000);
  metrics.evictionEnded('would-evict', 5_000);

  expect(await values('engine_calls_total')).toMatchObject({
    'call="GET /images/json"': 2,
    'call="DELETE /images/<id>"': 0,
  });
  expect(await values('watch_events_total')).toMatchObject({
    'kind="container",action="start"': 1,
    'kind="container",action="die"': 0,
    'kind="image",action="pull"': 1,
  });
  expect(await values('disagreements_total')).toMatchObject({ 'kind="watch-only"': 3 });
  expect(await values('evictions_total')).toEqual({
    'outcome="evicted"': 2,
    'outcome="would-evict"': 1,
    'outcome="in-use"': 1,
    'outcome="failed"': 0,
  });
  expect(await values('freed_bytes_total')).toEqual({ '': 1_000 });
});

test('the last cycle is what the host is', async () => {
  metrics.cycleEnded(cycle({ filesystems: [{ path: '/old', freeBytes: 1 }] }));
  metrics.cycleEnded(cycle({ shortfallBytes: 42, filesystems: [{ path: '/a"b', freeBytes: 7 }] }));
  expect(await values('images')).toEqual({ '': 12 });
  expect(await values('shortfall_bytes')).toEqual({ '': 42 });
  expect(await values('filesystem_free_bytes')).toEqual({ 'path="/a\\"b"': 7 });
  expect(await values('last_cycle_timestamp_seconds')).toEqual({ '': 1_800_000_000 });
});

test('the evidence ages also while no cycle ends', async () => {
  metrics.cycleEnded(cycle());
  expect(await values('evidence_age_seconds')).toEqual({ '': 0 });
  clock.advance(90_500);
  expect(await values('evidence_age_seconds')).toEqual({ '': 90.5 });
});

test('evidence of the future has no age below zero', async () => {
  metrics.cycleEnded(cycle());
  clock.advance(-5_000);
  expect(await values('evidence_age_seconds')).toEqual({ '': 0 });
});

test('one kind of evidence is the present one, and without GitLab it has no age', async () => {
  metrics.cycleEnded(cycle({ freshness: { kind: 'stale', asOf: clock.now() } }));
  expect(await values('evidence_stale')).toEqual({ '': 1 });
  metrics.cycleEnded(cycle({ freshness: { kind: 'watch-only', asOf: undefined } }));
  expect(await values('evidence_stale')).toEqual({ '': 0 });
  expect(await values('evidence_age_seconds')).toEqual({});
  expect(await values('evidence_kind')).toEqual({
    'kind="fresh"': 0,
    'kind="stale"': 0,
    'kind="watch-only"': 1,
  });
});

test('watch is asked at each scrape', async () => {
  const seen = { isWatching: false, gaps: 0 };
  metrics.watchBegan(() => ({ ...seen }));
  expect(await values('watch_connected')).toEqual({ '': 0 });
  seen.isWatching = true;
  seen.gaps = 3;
  expect(await values('watch_connected')).toEqual({ '': 1 });
  expect(await values('watch_gaps_total')).toEqual({ '': 3 });
  expect(await values('watch_gaps_total')).toEqual({ '': 3 });
});

test('a second reaper says so until it is alone', async () => {
  metrics.lockAnswered(false);
  expect(await values('second_reaper')).toEqual({ '': 1 });
  metrics.lockAnswered(true);
  expect(await values('second_reaper')).toEqual({ '': 0 });
});

test('the process says what it takes, and two of them in one process do not share anything', async () => {
  createMetrics(clock).engineCalled('GET /images/json');
  expect((await values('engine_calls_total'))['call="GET /images/json"']).toBe(0);
  expect((await family('process_cpu_seconds_total')).values.get('')).toBeGreaterThan(0);
  expect((await family('process_resident_memory_bytes')).values.get('')).toBeGreaterThan(1e6);
});

test('each figure has a help, and docs/metrics.md names it with its labels’ values', async () => {
  const page = await readFile(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = [...page.matchAll(/^\| `(\w+)(?:\{[\w,]+\})?` \|.*$/gm)];
  const families = [...parseExposition(await metrics.text())].filter(([name]) =>
    name.startsWith('sideband_'),
  );
  expect(families.map(([name]) => name).sort()).toEqual(documented.map(([, name]) => name).sort());
  for (const [name, { type, help, values }] of families) {
    expect(help).toMatch(/^[A-Z].*\.$/);
    expect([name, type]).toEqual([name, name.endsWith('_total') ? 'counter' : 'gauge']);
    const [line = ''] = documented.find(([, documentedName]) => documentedName === name) ?? [];
    for (const [, value] of [...values.keys()].join().matchAll(/"([^"]*)"/g))
      expect(line).toContain(`\`${value}\``);
  }
});
