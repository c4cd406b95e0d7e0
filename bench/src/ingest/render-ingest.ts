import type { Ingest } from './measure-ingest.ts';
import type { Pressure } from './measure-pressure.ts';
import type { RateComparison } from './measure-rates.ts';
import { renderSpread, spreadOf } from './spread.ts';

/** For a person. Of several rounds the median, with the least and the most. */
export function renderIngest({ machine, rates, pressures }: Ingest): string {
  return [
    'Hooks of 5 kB that are taken and queued, each of another job:',
    ...rates.flatMap((comparison) => ['', ...renderRates(comparison)]),
    '',
    '  bare: fastify reads the JSON, one `queue.add`, an answer; nobody is asked who he is',
    '',
    'The whole collector with its queue full, hooks at an even rate:',
    '',
    row([
      'GitLab is',
      'hooks/s',
      'taken',
      '503',
      'others',
      'p50 ms',
      'p99 ms',
      'most ms',
      'waiting',
      'resident MB',
    ]),
    ...pressures.map(renderPressure),
    '',
    '  down: it refuses connections; up: traces are read as fast as the collector can, from this same machine',
    '',
    `${machine.cpus} × ${machine.cpuModel}, ${machine.platform}, Node ${machine.node}`,
  ].join('\n');
}

function renderRates({ proof, connections, rounds }: RateComparison): readonly string[] {
  const line = (name: 'bare' | 'sideband', ratio: string): string => {
    const figures = (of: 'perSecond' | 'p50Ms' | 'p99Ms', digits: number): string =>
      renderSpread(spreadOf(rounds.map((round) => round[name][of])), digits);
    return wideRow([name, figures('perSecond', 0), figures('p50Ms', 1), figures('p99Ms', 1), ratio]);
  };
  const ratios = spreadOf(rounds.map(({ ratio }) => ratio));
  return [
    `with ${proof}, ${connections} connections:`,
    wideRow(['', 'hooks/s', 'p50 ms', 'p99 ms', 'hooks/s ÷ bare']),
    line('bare', '1'),
    line('sideband', renderSpread(ratios, 2)),
  ];
}

function renderPressure(pressure: Pressure): string {
  const { gitlab, perSecond, accepted, shed, others, p50Ms, p99Ms, maxMs } = pressure;
  const { waiting, residentBytes } = pressure;
  const times = [p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1));
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
  return row([
    ...[gitlab, String(perSecond), String(accepted), String(shed), String(others), ...times],
    `${waiting.before} → ${waiting.after}`,
    `${megabytes(residentBytes.before)} → ${megabytes(residentBytes.after)}`,
  ]);
}

function row([name = '', ...figures]: readonly string[]): string {
  const widths = [9, 8, 6, 8, 9, 9, 9, 17, 13];
  return `  ${name.padEnd(11)}${figures.map((figure, index) => figure.padStart(widths[index] ?? 9)).join('')}`;
}

function wideRow([name = '', ...figures]: readonly string[]): string {
  return `  ${name.padEnd(10)}${figures.map((figure) => figure.padStart(24)).join('')}`;
}
