import { describe, expect, it } from 'vitest';
import { splitServiceName, spokenServiceName } from './service-name.ts';

const DIGEST = `@sha256:${'a'.repeat(64)}`;

describe('a service’s name', () => {
  it.each([
    ['redis', 'redis', 'latest', 'redis:latest', 'redis:latest'],
    ['redis:7', 'redis', '7', 'redis:7', 'redis:7'],
    ['group/db:1.2', 'group/db', '1.2', 'group/db:1.2', 'group/db:1.2'],
    [
      'host.test:5000/group/db',
      'host.test/group/db',
      'latest',
      'host.test:5000/group/db:latest',
      'host.test/group/db:latest',
    ],
    ['host.test:5000/db:9', 'host.test/db', '9', 'host.test:5000/db:9', 'host.test/db:9'],
    [`redis${DIGEST}`, 'redis', DIGEST, `redis${DIGEST}`, `redis${DIGEST}`],
    [`redis:7${DIGEST}`, 'redis', '7', `redis:7${DIGEST}`, 'redis:7'],
  ])('%s is read as the runner reads it', (description, service, version, image, spoken) => {
    const name = splitServiceName(description);
    expect(name).toEqual({ service, version, image });
    expect(spokenServiceName(name)).toBe(spoken);
  });
});
