import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { JobId } from '@sideband/shared/names';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GitLabStandIn, startGitLab } from './stand-in.ts';

let gitlab: GitLabStandIn;
let job: JobId;

beforeEach(async () => {
  gitlab = await startGitLab({ token: 'root' });
  gitlab.createProject({ id: 42, path: 'group/app' });
  job = gitlab.createJob({ project: 42, name: 'test' });
  gitlab.pending(job);
  gitlab.running(job, { systemId: 's_0123456789ab' });
  gitlab.writeTrace(job, '0123456789');
});

afterEach(() => gitlab.stop());

/** Without the decompression that `fetch` does. */
async function trace(
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number | undefined; headers: Record<string, unknown>; body: Buffer }> {
  const url = `${gitlab.url}/api/v4/projects/42/jobs/${job}/trace`;
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'PRIVATE-TOKEN': 'root', ...headers } }, (response) => {
      const { statusCode: status, headers: answered } = response;
      buffer(response).then((body) => resolve({ status, headers: answered, body }), reject);
    })
      .once('error', reject)
      .end();
  });
}

describe('a range of a trace', () => {
  it('is ignored unless it is switched on, as GitLab does', async () => {
    const whole = await trace({ Range: 'bytes=2-4' });
    expect([whole.status, whole.body.toString()]).toEqual([200, '0123456789']);
  });

  it('is honoured then, over what was written and what follows', async () => {
    gitlab.faults.honourRange(true);
    const middle = await trace({ Range: 'bytes=2-4' });
    expect([middle.status, middle.body.toString(), middle.headers['content-range']]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ]);
    gitlab.faults.padTrace(job, 100_000);
    const whole = (await trace()).body;
    expect((await trace({ Range: 'bytes=5-70000' })).body).toEqual(whole.subarray(5, 70_001));
    expect((await trace({ Range: 'bytes=-20' })).body).toEqual(whole.subarray(-20));
    const past = await trace({ Range: 'bytes=200000-' });
    expect([past.status, past.headers['content-range']]).toEqual([416, 'bytes */100010']);
    expect(gitlab.requests.all().map(({ traceBytes }) => traceBytes)).toEqual([3, 100_010, 69_996, 20, 0]);
  });
});

describe('a compressed trace', () => {
  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)(
    'comes as %s for those who take it, and its bytes on the wire are counted',
    async (name, expand) => {
      gitlab.faults.compressTraces(name);
      gitlab.faults.padTrace(job, 500_000);
      const compressed = await trace({ 'Accept-Encoding': 'identity, gzip;q=1.0, br' });
      expect(compressed.headers['content-encoding']).toBe(name);
      expect(expand(compressed.body).length).toBe(500_010);
      expect(gitlab.requests.all().at(-1)?.traceBytes).toBe(compressed.body.length);
      const plain = await trace();
      expect([plain.headers['content-encoding'], plain.body.length]).toEqual([undefined, 500_010]);
    },
  );
});

it('the traces of a project can be refused, and nothing else of it', async () => {
  gitlab.faults.refuseTraces(42);
  expect((await trace()).status).toBe(403);
  const headers = { 'PRIVATE-TOKEN': 'root' };
  expect((await fetch(`${gitlab.url}/api/v4/projects/42/jobs/${job}`, { headers })).status).toBe(200);
  gitlab.faults.refuseTraces(42, false);
  expect((await trace()).status).toBe(200);
});
