import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  FILE,
  GITLAB,
  MASTER,
  openReceiver,
  type Receiver,
} from '@sideband/collector/receive/hook-fixture.suite';
import { hookPath, hookToken } from '@sideband/collector/receive/hook-secret';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isOnSearchPath } from '../testkit/search-path.ts';
import { skipBecause } from '../testkit/skip.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../testkit/temporary-directory.ts';

const TOKEN = hookToken(MASTER, GITLAB, FILE);
const job = { object_kind: 'build', build_id: 42, build_status: 'success', project_id: 7 };

let receiver: Receiver;
let address: string;
/** As GitLab's own: the script lies in it, its settings below. */
let fileHooks: TemporaryDirectory;

function inside(path: string): string {
  return join(fileHooks.path, path);
}

function configure(settings: string): Promise<void> {
  return writeFile(inside('sideband/forward.conf'), settings);
}

interface Ran {
  readonly code: number | null;
  readonly stderr: string;
  readonly stdout: string;
}

/** Runs it as GitLab does: the event on stdin. */
async function forward(event: unknown): Promise<Ran> {
  const child = spawn(inside('sideband-forward'), { stdio: 'pipe' });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const closed = once(child, 'close');
  // GitLab takes it for a failure when what it writes is not read.
  const written = new Promise<void>((resolve, reject) => {
    child.stdin.once('error', reject);
    child.stdin.end(typeof event === 'string' ? event : JSON.stringify(event), resolve);
  });
  await written;
  const [code] = await closed;
  const [stdout, stderr] = await said;
  return { code, stdout, stderr };
}

const SILENT = { code: 0, stdout: '', stderr: '' };

skipBecause(isOnSearchPath('curl') ? undefined : 'there is no curl').describe('the file hook', () => {
  beforeEach(async () => {
    receiver = await openReceiver();
    await receiver.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = receiver.app.server.address() as AddressInfo;
    address = `http://127.0.0.1:${port}${hookPath(GITLAB, FILE)}`;
    fileHooks = await temporaryDirectory('file-hooks');
    await copyFile(new URL('sideband-forward', import.meta.url), inside('sideband-forward'));
    await chmod(inside('sideband-forward'), 0o755);
    await mkdir(inside('sideband'));
    await writeFile(inside('sideband/token'), `${TOKEN}\n`, { mode: 0o600 });
    await configure(`url=${address}\ntoken_file=${inside('sideband/token')}\n`);
  });

  afterEach(async () => {
    await receiver.app.close();
    await fileHooks.remove();
  });

  test('what the collector wants to know reaches it', async () => {
    const builds = [
      { id: 1, status: 'created' },
      { id: 2, status: 'pending' },
    ];
    expect(await forward(job)).toEqual(SILENT);
    expect(await forward({ object_kind: 'pipeline', project: { id: 8 }, builds })).toEqual(SILENT);
    expect(await forward({ event_name: 'project_create', project_id: 9 })).toEqual(SILENT);
    expect(await forward({ event_name: 'group_rename', group_id: 9 })).toEqual(SILENT);
    expect([...receiver.queued.keys()]).toEqual([
      'gitlab.example.com-7-42-ended',
      'gitlab.example.com-8-1-expected',
      'gitlab.example.com-8-2-expected',
    ]);
    expect(receiver.onboarded.map(({ id }) => id)).toEqual(['gitlab.example.com-9-project-created']);
    expect(receiver.outcomes.at(-1)).toBe('file not-needed');
  });

  test('a body arrives as it was, whatever is in it', async () => {
    const name = 'q"\\\n\t%s %n $HOME `id` $(id) ünï 🚀 @/etc/passwd';
    expect(
      await forward({
        ...job,
        build_name: name,
        build_created_at: '2026-03-01T11:00:00Z',
        build_finished_at: '2026-03-01T11:01:00Z',
      }),
    ).toEqual(SILENT);
    expect([...receiver.queued.values()]).toMatchObject([{ job: 42, details: { name } }]);
  });

  test('a pipeline of two megabytes arrives', async () => {
    const builds = Array.from({ length: 2_000 }, (_, id) => ({
      id: id + 1,
      status: 'created',
      stage: 'x'.repeat(1_000),
    }));
    expect(await forward({ object_kind: 'pipeline', project: { id: 8 }, builds })).toEqual(SILENT);
    expect(receiver.queued.size).toBe(2_000);
  });

  test.each([
    ['a push', { object_kind: 'push', commits: [{ message: '{"object_kind":"build"}' }] }],
    ['a user', { event_name: 'user_create', email: 'somebody@example.com' }],
    ['nothing', ''],
    ['two megabytes of a push', { object_kind: 'push', text: 'x'.repeat(2_000_000) }],
  ])('%s stays where it is, and needs no settings', async (_, event) => {
    await configure('nonsense');
    expect(await forward(event)).toEqual(SILENT);
    expect(receiver.outcomes).toEqual([]);
  });

  describe('GitLab’s log says', () => {
    test('that the token is wrong, and not which', async () => {
      await writeFile(inside('sideband/token'), 'not-the-token');
      const { code, stderr } = await forward(job);
      expect(code).toBe(22);
      expect(stderr).toMatch(/returned error: 401/);
      expect(stderr).not.toContain('not-the-token');
    });

    test('that the collector is away, within seconds', async () => {
      await receiver.app.close();
      const { code, stderr } = await forward(job);
      expect(code).toBe(7);
      expect(stderr).toMatch(/Failed to connect|Couldn't connect/);
    });

    test('that the collector hangs', async () => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      await configure(`timeout=1\nurl=http://127.0.0.1:${port}/\ntoken_file=${inside('sideband/token')}\n`);
      const startedAt = performance.now();
      const { code } = await forward(job);
      expect(performance.now() - startedAt).toBeLessThan(5_000);
      expect(code).toBe(28);
      silent.closeAllConnections();
      silent.close();
    });

    test.each([
      ['', /url is not set/],
      ['url=ftp://x/\n', /url is not set, or begins neither/],
      ['url=http://x/"\n', /url is no address/],
      ['url=http://x/ y\n', /url is no address/],
      ['url=http://x/\n', /token_file is not set/],
      ['url=http://x/\ntoken_file=/nowhere\n', /cannot read \/nowhere/],
      ['url=http://x/\ntimeout=soon\n', /timeout is no number/],
      ['url=http://x/\nca_file=/a"\n', /ca_file is no path/],
      ['address=http://x/\n', /address is no setting/],
    ])('what is wrong with the settings %j', async (settings, problem) => {
      await configure(settings);
      const { code, stderr } = await forward(job);
      expect([code, stderr.trim().split('\n').length]).toEqual([1, 1]);
      expect(stderr).toMatch(problem);
    });

    test.each(['604', '602', '620', '660', '666'])('that the token’s mode %s is too open', async (mode) => {
      await chmod(inside('sideband/token'), Number.parseInt(mode, 8));
      expect((await forward(job)).stderr).toMatch(/chmod 640 or less/);
      expect(receiver.outcomes).toEqual([]);
    });

    test.each(['', '\n', 'a token\n', 'a"b', `${'x'.repeat(10)}\u0000\u0007`])(
      'that %j is no token',
      async (content) => {
        await writeFile(inside('sideband/token'), content);
        const { code, stderr } = await forward(job);
        expect(code).toBe(1);
        expect(stderr).toMatch(/holds no token|is empty/);
      },
    );
  });

  test.each(['600', '400', '640', '440'])('a token’s mode may be %s', async (mode) => {
    await chmod(inside('sideband/token'), Number.parseInt(mode, 8));
    expect(await forward(job)).toEqual(SILENT);
  });

  test('nobody else on the machine can see the token', async () => {
    const silent = createServer((request, response) => {
      request.resume();
      processes().then((all) => response.end(all));
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await configure(`url=http://127.0.0.1:${port}/\ntoken_file=${inside('sideband/token')}\n`);
    let seen = '';
    async function processes(): Promise<string> {
      const ps = spawn('ps', ['axeww', '-o', 'args'], { stdio: ['ignore', 'pipe', 'ignore'] });
      seen = await text(ps.stdout);
      return '';
    }
    expect(await forward(job)).toEqual(SILENT);
    expect(seen).toContain('curl');
    expect(seen).not.toContain(TOKEN);
    silent.close();
  });

  test('it goes nowhere else with the token', async () => {
    const elsewhere = createServer((_, response) => {
      response.writeHead(307, { location: address }).end();
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    await configure(`url=http://127.0.0.1:${port}/\ntoken_file=${inside('sideband/token')}\n`);
    const { code, stderr } = await forward(job);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/ answered 307$/m)]);
    expect(receiver.outcomes).toEqual([]);
    elsewhere.close();
  });
});
