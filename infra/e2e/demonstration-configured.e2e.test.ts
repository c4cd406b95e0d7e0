import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectHooks } from '../demo/project-hooks.ts';
import { startGitLab } from '../testkit/gitlab/stand-in.ts';
import { leftIn, NOTHING_LEFT } from '../testkit/left-in.ts';
import { freePort, startRedis } from '../testkit/redis.ts';
import { startSandbox, whyNoSandbox } from '../testkit/sandbox.ts';
import { skipBecause } from '../testkit/skip.ts';
import { temporaryDirectory } from '../testkit/temporary-directory.ts';
import { until } from '../testkit/until.ts';
import { ROOT, runStart } from './demonstration-run.ts';

const SECRET = 'a-secret-of-the-hook';

skipBecause(whyNoSandbox()).test(
  'with a GitLab configured, `npm start` runs the product against it',
  async () => {
    const directory = await temporaryDirectory('configured');
    const redis = await startRedis();
    const gitlab = await startGitLab({ token: 'glpat-test' });
    const sandbox = await startSandbox({ directory: join(directory.path, 'engine'), diskBytes: 100_000_000 });
    const port = await freePort();
    const run = runStart([], {
      env: {
        SIDEBAND_REDIS: redis.url,
        SIDEBAND_LISTEN: `127.0.0.1:${port}`,
        SIDEBAND_GITLAB_URL: gitlab.url,
        SIDEBAND_GITLAB_TOKEN: 'glpat-test',
        SIDEBAND_HOOK_SECRET: SECRET,
        SIDEBAND_PASSWORD: 'a-password-for-the-page',
        SIDEBAND_ENGINE: `unix://${sandbox.socketPath}`,
        SIDEBAND_HOST: 'configured',
        SIDEBAND_STATE_DIR: join(directory.path, 'state'),
      },
    });
    try {
      const page = `http://127.0.0.1:${port}`;
      await until('the collector to answer', async () => (await fetch(`${page}/health`)).ok, {
        timeoutMs: 60_000,
      });
      const hooks = projectHooks(page, '127.0.0.1', SECRET);
      const hook = await fetch(hooks.url(1), {
        method: 'POST',
        headers: { 'X-Gitlab-Token': hooks.secret(1), 'content-type': 'application/json' },
        body: JSON.stringify({ object_kind: 'build', build_id: 1, build_status: 'pending', project_id: 1 }),
      });
      expect(hook.status).toBe(202);
      // Without a policy file it only observes.
      await until(
        'the reaper to run',
        async () => /Reaper runs/.test(run.stderr()) && /observe/.test(run.stderr()),
        {
          timeoutMs: 60_000,
        },
      );
    } finally {
      run.process.kill('SIGINT');
    }
    expect(await run.ended).toBe(0);
    expect(run.stdout()).toContain('Unset it for the demonstration');
    expect(`${run.stdout()}${run.stderr()}`).not.toContain(SECRET);
    expect(await leftIn(join(ROOT, '.sideband', 'run'))).toEqual(NOTHING_LEFT);
    await sandbox.stop();
    await gitlab.stop();
    await redis.stop();
    await directory.remove();
  },
);

test('with a GitLab configured wrongly, it says which setting and ends', async () => {
  const run = runStart([], {
    env: { SIDEBAND_GITLAB_URL: 'not a url', SIDEBAND_REDIS: 'redis://127.0.0.1:1' },
  });
  expect(await run.ended).not.toBe(0);
  expect(run.stderr()).toMatch(/CONFIG_INVALID.*SIDEBAND_GITLAB_URL/s);
});
