import { type LocalImage, PullFailed } from './engine.ts';
import { JobFailed } from './job-failed.ts';
import type { JobContext } from './job-run.ts';

export type PullPolicy = 'always' | 'if-not-present' | 'never';

/**
 * executors/docker/internal/pull `GetDockerImage`: finds or pulls the image by each of the policies in turn, and says
 * so in the trace. Asked a second time for an image that is still there, it only says that it is used.
 */
export async function acquireImage(name: string, context: JobContext): Promise<LocalImage> {
  const { trace, say, policies } = context;
  say(trace.effectivePullPolicy(policies, name));
  let reason = '';
  for (const [index, policy] of policies.entries()) {
    if (index > 0) say(trace.attempt(index + 1, policy));
    try {
      const image = await acquireBy(policy, name, context);
      context.used.set(name, image.id);
      say(trace.usingImage(name, image));
      return image;
    } catch (error) {
      if (!(error instanceof PullFailed)) throw error;
      reason = error.message;
      say(trace.pullFailed(policy, reason));
      const failure = { image: name, noSpace: error.noSpace, attempt: index + 1, reason };
      context.report({ kind: 'pull-failed', ...failure });
      await context.onPullFailed(failure);
    }
  }
  const tried = `[${policies.join(' ')}]`;
  throw new JobFailed(
    `Job failed: failed to pull image "${name}" with specified policies ${tried}: ${reason}`,
  );
}

async function acquireBy(policy: PullPolicy, name: string, context: JobContext): Promise<LocalImage> {
  const { engine, trace, say, used, report } = context;
  const found = await engine.find(name);
  const isAgain = used.has(name);
  if (found !== undefined && used.get(name) === found.id) return found;
  if (found !== undefined && policy !== 'always') {
    if (policy === 'if-not-present') say(trace.foundLocally(policy));
    report({ kind: 'found', image: name, id: found.id });
    return found;
  }
  if (policy === 'never') throw new PullFailed(`Error response from daemon: No such image: ${name}`);
  say(trace.pulling(name));
  await engine.pull(name);
  const pulled = await engine.find(name);
  if (pulled === undefined) throw new PullFailed(`Error response from daemon: No such image: ${name}`);
  report({ kind: isAgain ? 'repulled' : 'pulled', image: name, id: pulled.id });
  return pulled;
}
