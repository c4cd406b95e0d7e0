import { join } from 'node:path';
import { parseImageReference } from '@sideband/shared/image-reference';
import { type Row, readTable } from './read-table.ts';

/** A use of an image by jobs that begin together. */
interface WeekEvent {
  /** Since the week's start; never less than the event before. */
  readonly atSeconds: number;
  readonly image: number;
  readonly jobs: number;
}

interface WeekImage {
  /** As a CI configuration names it. */
  readonly reference: string;
  /** Base first. */
  readonly layers: readonly number[];
}

/** What a simple way of evicting costs in this week; see README.md for its exact rules. */
interface Prediction {
  readonly policy: 'lru' | 'pull';
  readonly capacityBytes: number;
  /** Share of the capacity above which eviction starts, and at which it stops. */
  readonly startShare: number;
  readonly stopShare: number;
  /** To 0.1 MB. */
  readonly pulledMb: number;
  readonly repulledMb: number;
  readonly pulls: number;
  readonly repulls: number;
  readonly diskFullEvents: number;
}

export interface Week {
  readonly events: readonly WeekEvent[];
  readonly images: ReadonlyMap<number, WeekImage>;
  readonly layerBytes: ReadonlyMap<number, number>;
  readonly predicted: readonly Prediction[];
}

const MB = 1_000_000;

/** Reads the week's data. Throws, naming file and line, when it is not exactly as it should be. */
export async function loadWeek(directory = join(import.meta.dirname, 'data')): Promise<Week> {
  const file = (name: string): string => join(directory, name);
  const layerBytes = byId(await readTable(file('layers.csv'), ['layer', 'bytes']), 'layer', (row) =>
    row.integer('bytes'),
  );
  const images = byId(await readTable(file('images.csv'), ['image', 'ref', 'layers']), 'image', (row) =>
    parseImage(row, layerBytes),
  );
  const events = parseEvents(await readTable(file('events.csv'), ['t_rel', 'image', 'jobs']), images);
  const predicted = (await readTable(file('predicted.csv'), PREDICTED_COLUMNS)).map(parsePrediction);
  return { events, images, layerBytes, predicted };
}

function byId<Column extends string, T>(
  rows: readonly Row<Column>[],
  column: Column,
  parse: (row: Row<Column>) => T,
): ReadonlyMap<number, T> {
  const map = new Map<number, T>();
  for (const row of rows) {
    const id = row.integer(column);
    if (map.has(id)) row.fail(`${column} ${id} was there before`);
    map.set(id, parse(row));
  }
  return map;
}

function parseImage(row: Row<'ref' | 'layers'>, layerBytes: ReadonlyMap<number, number>): WeekImage {
  const reference = row.text('ref');
  const parsed = parseImageReference(reference);
  if (!parsed.ok) row.fail(parsed.error.message);
  const layers = row.text('layers').split(' ').map(Number);
  const unknown = layers.find((layer) => !layerBytes.has(layer));
  if (unknown !== undefined) row.fail(`layer ${unknown} has no size`);
  return { reference, layers };
}

function parseEvents(
  rows: readonly Row<'t_rel' | 'image' | 'jobs'>[],
  images: ReadonlyMap<number, WeekImage>,
): readonly WeekEvent[] {
  let before = 0;
  return rows.map((row) => {
    const event = { atSeconds: row.integer('t_rel'), image: row.integer('image'), jobs: row.integer('jobs') };
    if (event.atSeconds < before) row.fail('is earlier than the event before it');
    if (!images.has(event.image)) row.fail(`image ${event.image} is not in images.csv`);
    before = event.atSeconds;
    return event;
  });
}

const PREDICTED_COLUMNS = [
  'capacity_MB',
  'hi',
  'lo',
  'policy',
  'jobs',
  'bytes_pulled_MB',
  'bytes_repulled_MB',
  'image_misses',
  'image_repulls',
  'disk_full_events',
] as const;

function parsePrediction(row: Row<(typeof PREDICTED_COLUMNS)[number]>): Prediction {
  const policy = row.text('policy');
  return {
    policy:
      policy === 'lru' || policy === 'pull' ? policy : row.fail(`policy ${policy} is none of lru, pull`),
    capacityBytes: row.integer('capacity_MB') * MB,
    startShare: row.number('hi'),
    stopShare: row.number('lo'),
    pulledMb: row.number('bytes_pulled_MB'),
    repulledMb: row.number('bytes_repulled_MB'),
    pulls: row.integer('image_misses'),
    repulls: row.integer('image_repulls'),
    diskFullEvents: row.integer('disk_full_events'),
  };
}
