import { expect, it } from 'vitest';
import { isAnnouncedService } from './service-name.ts';

const DIGEST = `sha256:${'d'.repeat(64)}`;

it.each([
  ['redis:7', 'redis:7'],
  ['redis:latest', 'redis:latest'],
  ['redis:latest', 'redis'],
  ['registry.example.com/db/pg:1', 'registry.example.com:5000/db/pg:1'],
  ['localhost/pg:latest', 'localhost:5000/pg'],
  [`redis@${DIGEST}`, `redis@${DIGEST}`],
  [`redis:@${DIGEST}`, `redis@${DIGEST}`],
  ['redis:7', `redis:7@${DIGEST}`],
  ['registry.example.com/[MASKED]/pg:1', 'registry.example.com:5000/[MASKED]/pg:1'],
])('%s is how the runner prints %s', (printed, name) => {
  expect(isAnnouncedService(printed, name)).toBe(true);
});

it.each([
  ['redis:7', 'redis:8'],
  ['redis:7', 'redis'],
  ['redis:latest', 'evil/redis'],
  ['registry.example.com/pg:1', 'registry.example.org:5000/pg:1'],
  [`redis@${DIGEST}`, 'redis:7'],
  [':latest', 'redis'],
])('%s does not announce %s', (printed, name) => {
  expect(isAnnouncedService(printed, name)).toBe(false);
});
