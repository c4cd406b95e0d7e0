import type { Millis } from '@sideband/shared/clock';
import { SidebandError } from '@sideband/shared/errors';
import { silentLog } from '@sideband/shared/log';
import { describe, expect, test } from 'vitest';
import { createImageList } from './image-list.ts';
import type { ImageId } from './port.ts';
import type { Answer, Asking } from './wire.ts';
import { NO_ANSWER } from './wire-error.ts';

const A = `sha256:${'a'.repeat(64)}` as ImageId;
const B = `sha256:${'b'.repeat(64)}` as ImageId;
const unseen = async () => undefined;

/** An engine's wire with answers laid out beforehand; what is not among them is a 404. */
function scripted(answers: Record<string, Answer | Error>) {
  const asked: string[] = [];
  const wire: Asking = {
    async ask({ path }) {
      asked.push(path);
      const answer = answers[path] ?? { status: 404, body: { message: 'No such image' } };
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { wire, asked, answers, list: createImageList(wire, silentLog()) };
}

function good(body: unknown): Answer {
  return { status: 200, body };
}

function listed(Id: string, RepoTags: readonly string[] | null, Size = 120): Record<string, unknown> {
  return { Id, ParentId: '', RepoTags, RepoDigests: null, Created: 1_600_000_000, Size, Labels: null };
}

function twoImages() {
  const diffIds = ['sha256:base', 'sha256:top'];
  const inspected = good({ RootFS: { Layers: diffIds }, Metadata: { LastTagTime: '0001-01-01T00:00:00Z' } });
  const history = good([{ Size: 20 }, { Size: 0 }, { Size: 100 }]);
  return scripted({
    '/images/json': good([listed(A, ['ruby:3.3']), listed(B, ['<none>:<none>'])]),
    [`/images/${A}/json`]: inspected,
    [`/images/${A}/history`]: history,
    [`/images/${B}/json`]: inspected,
    [`/images/${B}/history`]: history,
  });
}

describe('asking', () => {
  test('ends with the first image that a hung engine does not answer for', async () => {
    const { list, answers, asked } = twoImages();
    answers[`/images/${A}/json`] = new SidebandError('ENGINE_FAILED', { reason: NO_ANSWER });
    await expect(list.read(unseen)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
    expect(asked.length).toBeLessThanOrEqual(5);
  });

  test('every image twice at first, and then the list alone', async () => {
    const { list, asked } = twoImages();
    const first = await list.read(unseen);
    expect(first.map((image) => image.layers.map((layer) => layer.bytes))).toEqual([
      [100, 20],
      [100, 20],
    ]);
    expect(asked).toHaveLength(5);
    expect(await list.read(unseen)).toEqual(first);
    expect(asked.slice(5)).toEqual(['/images/json']);
  });

  test('an image again whose names or whose record changed, but not for its layers', async () => {
    const { list, asked, answers } = twoImages();
    await list.read(unseen);
    answers['/images/json'] = good([listed(A, ['ruby:3.3', 'ruby:latest']), listed(B, null)]);
    await list.read(unseen);
    expect(asked.slice(5)).toEqual(['/images/json', `/images/${A}/json`, `/images/${B}/json`]);

    const touched = async (id: ImageId) => (id === A ? (7_000 as Millis) : undefined);
    const [a] = await list.read(touched);
    expect(asked.slice(8)).toEqual(['/images/json', `/images/${A}/json`]);
    expect(a).toMatchObject({ arrivedAt: 7_000, arrivalSource: 'record' });
  });

  test('an image again that is being removed, under whichever name', async () => {
    const { list, asked } = twoImages();
    await list.read(unseen);
    list.forget('docker.io/library/ruby:3.3');
    list.forget(B);
    await list.read(unseen);
    expect(asked).toHaveLength(10);
  });
});

describe('an image', () => {
  test('that vanishes between the list and the question is not there', async () => {
    const { list, answers } = twoImages();
    delete answers[`/images/${A}/json`];
    expect((await list.read(unseen)).map((image) => image.id)).toEqual([B]);
  });

  test('that the engine cannot inspect is there with a layer of its own, and is asked for again', async () => {
    const { list, answers, asked } = twoImages();
    answers[`/images/${A}/json`] = { status: 500, body: { message: 'content not found' } };
    const [a, b] = await list.read(unseen);
    expect(a).toMatchObject({
      tags: ['docker.io/library/ruby:3.3'],
      layers: [{ chain: A, bytes: 120 }],
      arrivalSource: 'created',
    });
    expect(b?.layers).toHaveLength(2);
    await list.read(unseen);
    expect(asked.filter((path) => path === `/images/${A}/json`)).toHaveLength(2);
  });

  test('without a history has its layers, and its bytes in the uppermost', async () => {
    const { list, answers } = twoImages();
    answers['/images/json'] = good([listed(A, ['ruby:3.3'])]);
    answers[`/images/${A}/history`] = { status: 500, body: {} };
    const [a] = await list.read(unseen);
    expect(a?.layers.map((layer) => layer.bytes)).toEqual([0, 120]);
  });

  test('whose id is none is left out', async () => {
    const { list, answers } = twoImages();
    answers['/images/json'] = good([listed('not-an-id', ['ruby:3.3']), listed(B, null)]);
    expect((await list.read(unseen)).map((image) => image.id)).toEqual([B]);
  });

  test('has the parent the classic builder gave it', async () => {
    const { list, answers } = twoImages();
    answers['/images/json'] = good([{ ...listed(A, ['ruby:3.3']), ParentId: B }, listed(B, null)]);
    expect((await list.read(unseen)).map((image) => image.parent)).toEqual([B, undefined]);
  });
});

describe('the whole list fails', () => {
  test('when the engine cannot be reached half-way', async () => {
    const { list, answers } = twoImages();
    answers[`/images/${B}/json`] = new SidebandError('ENGINE_UNAVAILABLE');
    await expect(list.read(unseen)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  });

  test.each([
    { status: 500, body: { message: 'layer does not exist' } },
    good({ images: [] }),
    good([{ Id: A }]),
  ])('when the engine answers %j', async (answer) => {
    const { list, answers } = twoImages();
    answers['/images/json'] = answer;
    await expect(list.read(unseen)).rejects.toMatchObject({ code: 'ENGINE_FAILED' });
  });
});
