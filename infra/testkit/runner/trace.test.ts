import { ManualClock } from '@sideband/shared/clock';
import { describe, expect, it } from 'vitest';
import { openTrace } from './trace.ts';

const ID = `sha256:${'1'.repeat(64)}`;
const DIGEST = `ruby@sha256:${'2'.repeat(64)}`;
const trace = openTrace('plain', new ManualClock(Date.parse('2026-11-21T10:00:00.900Z')));

describe('the runner’s sentences', () => {
  it.each([
    [
      trace.head({
        name: 'blue',
        shortToken: 'xS6Vzpvoq',
        systemId: 's_0123456789ab',
        version: '19.3.0',
        revision: 'abcdef12',
      }),
      '\u001b[0KRunning with gitlab-runner 19.3.0 (abcdef12)\u001b[0;m\n' +
        '\u001b[0K  on blue xS6Vzpvoq, system ID: s_0123456789ab\u001b[0;m\n',
    ],
    [
      trace.sectionStart('prepare_executor'),
      'section_start:1795255200:prepare_executor\r\u001b[0K' +
        '\u001b[0K\u001b[36;1mPreparing the "docker" executor\u001b[0;m\u001b[0;m\n',
    ],
    [trace.sectionEnd('step_script'), 'section_end:1795255200:step_script\r\u001b[0K'],
    [trace.executorImage('ruby:3.3'), '\u001b[0KUsing Docker executor with image ruby:3.3 ...\u001b[0;m\n'],
    [trace.startingService('redis:7'), '\u001b[0KStarting service redis:7...\u001b[0;m\n'],
    [
      trace.waitingForServices(),
      '\u001b[0KWaiting for services to be up and running (timeout 30 seconds)...\u001b[0;m\n',
    ],
    [trace.helperImage('helper:1'), '\u001b[0KUsing helper image:  helper:1\u001b[0;m\n'],
    [
      trace.effectivePullPolicy(['always', 'if-not-present'], 'ruby:3.3'),
      '\u001b[0KUsing effective pull policy of [always if-not-present] for container ruby:3.3\u001b[0;m\n',
    ],
    [
      trace.attempt(2, 'if-not-present'),
      '\u001b[32;1mAttempt #2: Trying "if-not-present" pull policy\u001b[0;m\n',
    ],
    [trace.pulling('ruby:3.3'), '\u001b[0KPulling docker image ruby:3.3 ...\u001b[0;m\n'],
    [
      trace.foundLocally('if-not-present'),
      '\u001b[0KUsing locally found image version due to "if-not-present" pull policy\u001b[0;m\n',
    ],
    [
      trace.pullFailed('always', 'denied'),
      '\u001b[0;33mWARNING: Failed to pull image with policy "always": denied\u001b[0;m\n',
    ],
    [
      trace.usingImage('ruby:3.3', { id: ID, digest: DIGEST }),
      `\u001b[0KUsing docker image ${ID} for ruby:3.3 with digest ${DIGEST} ...\u001b[0;m\n`,
    ],
    [
      trace.usingImage('local:1', { id: ID, digest: undefined }),
      `\u001b[0KUsing docker image ${ID} for local:1 ...\u001b[0;m\n`,
    ],
    [trace.runningOn('runner-a', 'host-1'), 'Running on runner-a via host-1...\n'],
    [trace.command('make test'), '\u001b[32;1m$ make test\u001b[0;m\n'],
    [trace.succeeded(), '\u001b[32;1mJob succeeded\u001b[0;m\n'],
    [trace.failed('Job failed: exit code 1'), '\u001b[31;1mERROR: Job failed: exit code 1\u001b[0;m\n'],
  ])('are byte for byte its own: %j', (text, expected) => {
    expect(text).toBe(expected);
  });
});
