import { expect, test } from 'vitest';
import { COLLECTOR_SETTINGS, unknownSettings } from './setting-names.ts';

test.each([
  ['SIDEBAND_REDIS_URL', 'is no setting: is SIDEBAND_REDIS meant?'],
  ['SIDEBAND_REDDIS', 'is no setting: is SIDEBAND_REDIS meant?'],
  ['SIDEBAND_GITLAB_TOKEN_PATH', 'is no setting: is SIDEBAND_GITLAB_TOKEN_FILE meant?'],
  ['SIDEBAND_LOOKBACK', 'is no setting: is SIDEBAND_LOOK_BACK meant?'],
  ['sideband_listen', 'is no setting: is SIDEBAND_LISTEN meant?'],
  ['SIDEBAND_BANANA', 'is no setting'],
  ['SIDEBAND_', 'is no setting'],
])('%s %s', (setting, problem) => {
  expect(unknownSettings(COLLECTOR_SETTINGS, [setting])).toEqual([{ setting, problem }]);
});

test('leaves other programs’ names alone, the reaper’s as well', () => {
  const names = ['PATH', 'REDIS_URL', 'MY_SIDEBAND_X', 'SIDEBAND_POLICY', 'SIDEBAND_HOST', 'SIDEBAND_LISTEN'];
  expect(unknownSettings(COLLECTOR_SETTINGS, names)).toEqual([]);
});
