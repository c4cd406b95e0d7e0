import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type AwkwardGitLab,
  failureOf,
  JOB,
  JOB_PATH,
  PROJECT,
  startAwkwardGitLab,
  writeForEver,
} from './awkward-gitlab.suite.ts';
import { collect } from './gitlab.suite.ts';

const PLAIN = { 'content-type': 'text/plain' };

let gitlab: AwkwardGitLab;
beforeEach(async () => {
  gitlab = await startAwkwardGitLab();
});
afterEach(() => gitlab.stop());

test('a trace that breaks off is an error, after what had come', async () => {
  gitlab.answer = (_request, response) => {
    response.writeHead(200, PLAIN);
    response.write('the head', () => response.destroy());
  };
  const seen: string[] = [];
  const error = await failureOf(
    (async () => {
      for await (const chunk of gitlab.connect().trace(PROJECT, JOB))
        seen.push(Buffer.from(chunk).toString());
    })(),
  );
  expect(error).toMatchObject({
    code: 'GITLAB_UNAVAILABLE',
    details: { path: `${JOB_PATH}/trace`, reason: 'network' },
  });
  expect(seen.join('')).toBe('the head');
});

test('a trace that falls silent is given up', async () => {
  gitlab.answer = (_request, response) => void response.writeHead(200, PLAIN).write('the head');
  const error = await failureOf(collect(gitlab.connect({ timeoutMs: 150 }).trace(PROJECT, JOB)));
  expect(error.details).toMatchObject({ path: `${JOB_PATH}/trace`, reason: 'time-out' });
  await gitlab.connectionClosed();
});

test('a reader of a trace may take longer than the time-out', async () => {
  gitlab.answer = (_request, response) => {
    response.writeHead(200, PLAIN);
    response.write('first', () => setTimeout(() => response.end(' second'), 50));
  };
  let text = '';
  for await (const chunk of gitlab.connect({ timeoutMs: 200 }).trace(PROJECT, JOB)) {
    text += Buffer.from(chunk).toString();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(text).toBe('first second');
});

test('a page instead of a trace is no trace', async () => {
  gitlab.answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html>');
  const error = await failureOf(collect(gitlab.connect().trace(PROJECT, JOB)));
  expect(error.details).toMatchObject({ path: `${JOB_PATH}/trace`, reason: 'not-a-log' });
});

test('a trace that nobody reads on costs GitLab no more: the connection is closed', async () => {
  gitlab.answer = (_request, response) => {
    response.writeHead(200, PLAIN);
    writeForEver(response);
  };
  for await (const _ of gitlab.connect().trace(PROJECT, JOB)) break;
  await gitlab.connectionClosed();
});
