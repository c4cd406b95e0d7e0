import { expect, it } from 'vitest';
import { runnerTemplate } from './runner-template.ts';

it('names the engine, the images and the mounts, whatever is in their names', () => {
  const template = runnerTemplate({
    socketPath: '/run/a "quoted" place\\docker.sock',
    image: 'registry.example.com/default:1',
    helper: 'registry.example.com/helper:1',
    buildsDirectory: '/var/builds',
    volumes: ['/var/gate:/gate:ro'],
  });
  const values = new Map(
    [...template.matchAll(/^ {4}(\w+) = (.*)$/gm)].map(([, key, value]) => [key, JSON.parse(value ?? '')]),
  );
  expect(Object.fromEntries(values)).toEqual({
    host: 'unix:///run/a "quoted" place\\docker.sock',
    image: 'registry.example.com/default:1',
    helper_image: 'registry.example.com/helper:1',
    pull_policy: ['if-not-present'],
    network_mode: 'none',
    disable_cache: true,
    wait_for_services_timeout: -1,
    volumes: ['/var/builds:/builds', '/var/gate:/gate:ro'],
  });
  expect(template).toMatch(/^\[\[runners\]\]\n {2}executor = "docker"\n {2}\[runners\.docker\]\n/);
});
