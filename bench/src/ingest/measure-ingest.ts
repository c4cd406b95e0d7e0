import { describeMachine, type Machine } from '../machine.ts';
import { measurePressure, type Pressure } from './measure-pressure.ts';
import { measureRates, type RateComparison } from './measure-rates.ts';

export interface Ingest {
  readonly machine: Machine;
  readonly rates: readonly RateComparison[];
  readonly pressures: readonly Pressure[];
}

/** For so many rounds' time hooks come while the collector has its hands full. */
const PRESSURE_ROUNDS = 4;

export async function measureIngest({ seconds }: { readonly seconds: number }): Promise<Ingest> {
  const rates = await measureRates(seconds);
  const pressures: Pressure[] = [];
  for (const gitlab of ['down', 'up'] as const) {
    pressures.push(await measurePressure(gitlab, seconds * PRESSURE_ROUNDS));
  }
  return { machine: describeMachine(), rates, pressures };
}
