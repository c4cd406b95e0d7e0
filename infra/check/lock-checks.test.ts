import { expect, it } from 'vitest';
import { checkAddresses, checkEngines } from './lock-checks.ts';

it('finds packages whose address is written down', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/@sideband/shared': { resolved: 'libs/shared' },
      'node_modules/here': { resolved: 'https://registry.example.com/here.tgz' },
      'node_modules/git': { resolved: 'git+ssh://git@example.com/x.git' },
    },
  };
  expect(checkAddresses(lock)).toEqual([
    expect.stringMatching(/^node_modules\/here names the address/),
    expect.stringMatching(/^node_modules\/git names the address/),
  ]);
});

it('finds packages that need another Node', () => {
  const lock = {
    packages: {
      '': { engines: { node: '>=20.19' } },
      'node_modules/none': {},
      'node_modules/cookie': { engines: { node: '>=22' } },
      'node_modules/late': { engines: { node: '>=20.20' } },
      'node_modules/native': { engines: { node: '>=22' }, optional: true },
      'node_modules/odd': { engines: { node: 'latest' } },
    },
  };
  expect(checkEngines(lock, ['20.19.0', '20.20.2'])).toEqual([
    'node_modules/cookie: engines.node >=22 does not admit 20.19.0',
    'node_modules/cookie: engines.node >=22 does not admit 20.20.2',
    'node_modules/late: engines.node >=20.20 does not admit 20.19.0',
    'node_modules/odd: engines.node latest is not understood for 20.19.0',
    'node_modules/odd: engines.node latest is not understood for 20.20.2',
  ]);
});
