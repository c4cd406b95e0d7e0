import { describeMachine } from '../machine.ts';
import type { WatchCosts } from './measure-watch.ts';

/** For a person. Ratios are of the CPU that the watcher uses and has the engine use, to Sideband's. */
export function renderWatch({ images, containers, costs }: WatchCosts): string {
  const alone = costs[0]?.engineCpuSeconds ?? 0;
  const extraOf = (name: string): number => {
    const cost = costs.find((each) => each.name === name);
    return cost === undefined ? Number.NaN : cost.watcherCpuSeconds + cost.engineCpuSeconds - alone;
  };
  const sideband = extraOf('sideband');
  const machine = describeMachine();
  return [
    `${containers} containers created, started and removed, on an engine with ${images} images; CPU seconds:`,
    '',
    row(['', 'watcher', 'engine', 'more than nobody', '÷ sideband']),
    ...costs.map(({ name, watcherCpuSeconds, engineCpuSeconds }) =>
      row([
        name,
        watcherCpuSeconds.toFixed(1),
        engineCpuSeconds.toFixed(1),
        extraOf(name).toFixed(1),
        (extraOf(name) / sideband).toFixed(2),
      ]),
    ),
    '',
    ...costs.map(({ name, meaning }) => `  ${name}: ${meaning}`),
    '',
    `${machine.cpus} × ${machine.cpuModel}, ${machine.platform}, Node ${machine.node}`,
  ].join('\n');
}

function row([name = '', ...figures]: readonly string[]): string {
  return `  ${name.padEnd(20)}${figures.map((figure) => figure.padStart(18)).join('')}`;
}
