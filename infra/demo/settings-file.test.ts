import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TemporaryDirectory, temporaryDirectory } from '../testkit/temporary-directory.ts';
import { settingsOf } from './settings-file.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('settings');
});
afterEach(() => directory.remove());

describe('settingsOf', () => {
  it('is the environment alone where there is no file', () => {
    expect(settingsOf(directory.path, { A: '1' })).toEqual({ A: '1' });
  });

  it('takes what the environment leaves open from the file', async () => {
    const text = '# the fleet\nSIDEBAND_GITLAB_URL=https://gitlab.example.com\nSIDEBAND_HOST="from file"\n';
    await writeFile(join(directory.path, 'sideband.env'), text);
    expect(settingsOf(directory.path, { SIDEBAND_HOST: 'from-environment' })).toEqual({
      SIDEBAND_GITLAB_URL: 'https://gitlab.example.com',
      SIDEBAND_HOST: 'from-environment',
    });
  });

  it('names a file that cannot be read', async () => {
    await mkdir(join(directory.path, 'sideband.env'));
    expect(() => settingsOf(directory.path, {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
