import { type Clock, systemClock } from '@sideband/shared/clock';
import { isSidebandError, SidebandError } from '@sideband/shared/errors';
import type { Log } from '@sideband/shared/log';
import type * as z from 'zod/mini';
import {
  type EngineInfo,
  engineInfo,
  engineVersion,
  engineWords,
  inspectedImage,
  readAnswer,
} from './answers.ts';
import { recordTimes } from './arrival.ts';
import { canonicalNames, isSafeInPath } from './canonical-names.ts';
import { readContainers } from './container-list.ts';
import type { EngineCall } from './engine-call.ts';
import { followEvents } from './events.ts';
import { READ_TIMEOUT_MS } from './image-details.ts';
import { createImageList } from './image-list.ts';
import { imageRootsOf } from './image-roots.ts';
import {
  type DigestName,
  type Engine,
  type EngineDescription,
  type ImageId,
  type NamedImage,
  type RemoveOutcome,
  type TagName,
  toImageId,
} from './port.ts';
import { removeOutcome } from './remove-outcome.ts';
import { type Answer, createWire, type Session } from './wire.ts';
import { NO_ANSWER } from './wire-error.ts';

/** An image of many gigabytes on a slow disk takes minutes, and a deletion that is given up goes on all the same. */
const REMOVE_TIMEOUT_MS = 10 * 60_000;

export interface DockerEngineOptions {
  /** `unix:///var/run/docker.sock`. The engine that answers there is used and no other, whatever DOCKER_HOST says. */
  readonly socket: `unix://${string}`;
  readonly log: Log;
  /** The engine's data root as the reaper sees it, where that differs from what the engine calls it. */
  readonly dataRootView?: string;
  readonly removeTimeoutMs?: number;
  /** Told of every request that is made of the engine. */
  readonly onCall?: (call: EngineCall) => void;
  /** From when on events are followed that are followed anew. */
  readonly clock?: Clock;
}

/** Docker Engine from 20.10 on, and Podman's Docker-compatible API. */
export function createDockerEngine(options: DockerEngineOptions): Engine {
  const { log } = options;
  const clock = options.clock ?? systemClock;
  const wire = createWire(options.socket.slice('unix://'.length), options.onCall);
  const list = createImageList(wire, log);
  let known: { readonly session: Session; readonly info: EngineInfo } | undefined;

  async function get<T>(path: string, schema: z.ZodMiniType<T>): Promise<T> {
    const answer = await wire.ask({ method: 'GET', path, timeoutMs: READ_TIMEOUT_MS });
    return readAnswer(schema, answer, `GET ${path}`);
  }

  /** Asked once as long as the engine stays reachable: an engine that comes back may be another version. */
  async function info(): Promise<EngineInfo> {
    const session = await wire.session();
    if (known?.session === session) return known.info;
    const read = await get('/info', engineInfo);
    known = { session, info: read };
    return read;
  }

  async function describe(): Promise<EngineDescription> {
    const version = await get('/version', engineVersion);
    const isPodman = version.Components?.some(({ Name }) => Name.startsWith('Podman')) ?? false;
    const { apiVersion } = await wire.session();
    const name = `${isPodman ? 'podman' : 'docker'} ${version.Version.slice(0, 64)}`;
    return { name, apiVersion, imageRoots: imageRootsOf(await info()) };
  }

  async function find(name: string): Promise<NamedImage | undefined> {
    // No engine has an image whose name is none, and docker-modem would follow where a path like `..` is sent.
    if (!isSafeInPath(name)) return undefined;
    const path = `${imagePath(name)}/json`;
    const answer = await wire.ask({ method: 'GET', path, timeoutMs: READ_TIMEOUT_MS });
    if (answer.status === 404 || isNoReference(answer)) return undefined;
    const call = 'GET /images/<id>/json';
    const { Id, RepoTags, RepoDigests } = readAnswer(inspectedImage, answer, call);
    const id = toImageId(Id);
    if (id === undefined) throw new SidebandError('ENGINE_FAILED', { call, reason: 'the image has no id' });
    const { tags, digests } = canonicalNames(RepoTags, RepoDigests);
    return { id, tags, digests };
  }

  async function names(image: ImageId) {
    const found = await find(image);
    return found === undefined ? undefined : { tags: found.tags, digests: found.digests };
  }

  async function remove(target: ImageId | TagName | DigestName): Promise<RemoveOutcome> {
    const timeoutMs = options.removeTimeoutMs ?? REMOVE_TIMEOUT_MS;
    // Parents are images of their own to the planner: the engine must not take them along unasked.
    const call = {
      method: 'DELETE',
      path: imagePath(target),
      query: { noprune: 'true' },
      timeoutMs,
    } as const;
    list.forget(target);
    try {
      return removeOutcome(target, await wire.ask(call));
    } catch (error) {
      if (!isSidebandError(error, 'ENGINE_FAILED') || error.details['reason'] !== NO_ANSWER) throw error;
      const message = `no answer within ${timeoutMs / 1000} s; the engine may still be deleting it`;
      return { kind: 'failed', message };
    }
  }

  async function tag(image: ImageId, name: TagName): Promise<void> {
    const colon = name.lastIndexOf(':');
    const query = { repo: name.slice(0, colon), tag: name.slice(colon + 1) };
    const path = `${imagePath(image)}/tag`;
    const answer = await wire.ask({ method: 'POST', path, query, timeoutMs: READ_TIMEOUT_MS });
    if (answer.status === 201 || answer.status === 200) return;
    const reason = `status ${answer.status}: ${engineWords(answer.body)}`;
    throw new SidebandError('ENGINE_FAILED', { call: 'POST /images/<id>/tag', reason });
  }

  return {
    describe,
    images: async () => await list.read(recordTimes(await info(), options.dataRootView)),
    containers: () => readContainers(wire, log),
    names,
    find,
    follow: (stream) => followEvents({ wire, clock, log }, stream),
    remove,
    tag,
  };
}

/** Docker's answer to what is no name by its grammar: no image can have it. */
function isNoReference({ status, body }: Answer): boolean {
  return status === 400 && /invalid reference format/.test(JSON.stringify(body));
}

function imagePath(target: string): string {
  return `/images/${target.split('/').map(encodeURIComponent).join('/')}`;
}
