import { SidebandError } from '@sideband/shared/errors';
import { quote } from '@sideband/shared/quote';
import * as z from 'zod/mini';
import type { Answer } from './wire.ts';

// Of the engine's answers only what is used, as lenient as the engines differ: Docker 20.10 to 29 and Podman
// leave lists out, empty or null.

const strings = z.nullish(z.array(z.string()));
const labels = z.nullish(z.record(z.string(), z.string()));

export const listedImages = z.array(
  z.object({
    Id: z.string(),
    ParentId: z.nullish(z.string()),
    RepoTags: strings,
    RepoDigests: strings,
    /** Seconds. */
    Created: z.number(),
    Size: z.number(),
    Labels: labels,
  }),
);
export type ListedImage = z.infer<typeof listedImages>[number];

export const inspectedImage = z.object({
  Id: z.optional(z.string()),
  RepoTags: strings,
  RepoDigests: strings,
  RootFS: z.nullish(z.object({ Layers: strings })),
  Metadata: z.nullish(z.object({ LastTagTime: z.nullish(z.string()) })),
});

/** Newest first. */
export const imageHistory = z.array(z.object({ Size: z.number() }));

export const listedContainers = z.array(
  z.object({
    Id: z.string(),
    Image: z.nullish(z.string()),
    ImageID: z.nullish(z.string()),
    State: z.nullish(z.string()),
    /** Seconds. */
    Created: z.nullish(z.number()),
    Labels: labels,
  }),
);

export const removedImage = z.array(
  z.object({ Deleted: z.optional(z.string()), Untagged: z.optional(z.string()) }),
);

export const engineInfo = z.object({
  DockerRootDir: z.string(),
  Driver: z.nullish(z.string()),
  DriverStatus: z.nullish(z.array(z.array(z.string()))),
  Containerd: z.nullish(z.object({ Address: z.nullish(z.string()) })),
});
export type EngineInfo = z.infer<typeof engineInfo>;

export const engineVersion = z.object({
  Version: z.string(),
  Components: z.nullish(z.array(z.object({ Name: z.string() }))),
});

/** Reads a good answer; throws `ENGINE_FAILED` naming the call and what was not as expected. */
export function readAnswer<T>(schema: z.ZodMiniType<T>, answer: Answer, call: string): T {
  if (answer.status !== 200) {
    const reason = `status ${answer.status}: ${engineWords(answer.body)}`;
    throw new SidebandError('ENGINE_FAILED', { call, reason });
  }
  const read = schema.safeParse(answer.body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new SidebandError('ENGINE_FAILED', {
    call,
    reason: 'the answer has an unexpected shape',
    field: issue?.path.join('.') ?? '',
  });
}

/**
 * The engine's own words for a log or a journal. Go wraps errors from the outside in, so the cause is at the
 * end: of a long text the end is kept.
 */
export function engineWords(body: unknown): string {
  const message = z.object({ message: z.string() }).safeParse(body);
  const text = message.success ? message.data.message : typeof body === 'string' ? body : '';
  return text.length > 80 ? `… ${quote(text.slice(-80))}` : quote(text);
}
