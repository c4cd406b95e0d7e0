import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routeOf } from './route.ts';

test.each([
  ['GET', 'projects/7/jobs/42/trace', 'GET projects/:id/jobs/:id/trace'],
  ['GET', 'projects', 'GET projects'],
  ['GET', 'projects/group%2Fapp', 'GET projects/:id'],
  ['GET', 'groups/jobs%2Ftrace', 'GET groups/:id'],
  ['PUT', 'projects/7/hooks/3', 'PUT projects/:id/hooks/:id'],
  ['GET', 'projects/7/hooks/3/events', 'GET projects/:id/hooks/:id/events'],
  ['GET', 'runners/5/managers', 'GET runners/:id/managers'],
  ['GET', 'runners/all', 'GET runners/all'],
  ['GET', 'projects/7/ci/lint', 'GET projects/:id/ci/lint'],
  ['GET', 'personal_access_tokens/self', 'GET personal_access_tokens/self'],
])('%s %s is %s', (method, path, route) => {
  expect(routeOf(method, path)).toBe(route);
});

test('nothing of what a stranger named gets into a route', () => {
  const name = fc.string({ minLength: 1 }).map((text) => `x${encodeURIComponent(text)}`);
  fc.assert(
    fc.property(fc.array(name, { minLength: 1 }), (names) => {
      expect(routeOf('GET', names.join('/'))).toMatch(/^GET :id(\/:id){0,5}$/);
    }),
  );
});
