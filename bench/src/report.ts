import type { Machine } from './machine.ts';
import type { PlanTime } from './plan-time/measure-plan.ts';
import type { Comparison } from './week/compare.ts';
import type { Cost } from './week/pull-count.ts';

export interface Report {
  readonly machine: Machine;
  readonly week: { readonly events: number; readonly jobs: number; readonly images: number };
  readonly comparisons: readonly Comparison[];
  readonly planTime: PlanTime;
}

const COLUMNS = ['', 're-pulled', '÷ sideband', 're-pulls', '÷ sideband', 'pulls', '÷ sideband', 'disk full'];

/** For a person. A ratio above 1 is what the peer costs more than Sideband. */
export function renderReport({ machine, week, comparisons, planTime }: Report): string {
  const first = comparisons[0];
  const means = new Map(first?.peers.map((peer) => [peer.name, peer.means]));
  return [
    `The median week of real history on one runner host: ${week.events} events, ${week.jobs} jobs, ${week.images} images.`,
    'Sizes are 1:100. Nothing here depends on time but the last section.',
    ...comparisons.flatMap((comparison) => ['', ...renderComparison(comparison)]),
    '',
    '  sideband: its own plan, cycle, reap and evidence, on its in-memory engine and disk',
    ...[...means].map(([name, meaning]) => `  ${name}: ${meaning}`),
    '  disk full: pulls that did not fit; without somebody who makes room, a failed job each',
    '  By creation date: left out, since the data does not say when an image was built.',
    '',
    ...renderPlanTime(planTime),
    '',
    `${machine.cpus} × ${machine.cpuModel}, ${machine.platform}, Node ${machine.node}`,
  ].join('\n');
}

function renderComparison(comparison: Comparison): readonly string[] {
  const { capacityBytes, highPercent, lowPercent, sideband, peers } = comparison;
  const rows = [
    COLUMNS,
    figures('sideband', sideband, { bytesRepulled: 1, repulls: 1, pulls: 1 }),
    ...peers.map((peer) => figures(peer.name, peer, peer.toSideband)),
  ];
  return [
    `${megabytes(capacityBytes)}: above ${highPercent} % evict until ${lowPercent} %`,
    ...rows.map(renderRow),
  ];
}

function figures(
  name: string,
  cost: Cost,
  ratios: Comparison['peers'][number]['toSideband'],
): readonly string[] {
  const { bytesRepulled, repulls, pulls, fullBeforePull } = cost;
  return [
    ...[name, megabytes(bytesRepulled), times(ratios.bytesRepulled)],
    ...[String(repulls), times(ratios.repulls), String(pulls), times(ratios.pulls), String(fullBeforePull)],
  ];
}

function renderRow(cells: readonly string[]): string {
  const [name = '', ...rest] = cells;
  return `  ${name.padEnd(14)}${rest.map((cell) => cell.padStart(12)).join('')}`;
}

function renderPlanTime({ images, evictions, rounds, plan, sortByDate, ratio }: PlanTime): readonly string[] {
  const row = (name: string, median: string, p99: string): string => renderRow([name, median, p99]);
  return [
    `A plan for a host with ${images} images, of which ${evictions} would go; ${rounds} times, in turns with the peer`,
    row('', 'median', 'p99'),
    row('plan', micros(plan.medianMicros), micros(plan.p99Micros)),
    row('sort by date', micros(sortByDate.medianMicros), micros(sortByDate.p99Micros)),
    row('plan ÷ sort', times(ratio.median), times(ratio.p99)),
  ];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function micros(value: number): string {
  return `${Math.round(value)} µs`;
}

function times(ratio: number | null): string {
  return ratio === null ? '–' : `×${ratio.toFixed(2)}`;
}
