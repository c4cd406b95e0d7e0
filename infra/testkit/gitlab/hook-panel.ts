import type { HookPanel } from './panel.ts';
import type { PanelParts } from './panel-parts.ts';
import { pipelineHookPayload } from './pipeline-hook.ts';

export function hookPanel(parts: PanelParts): HookPanel {
  const { records, hooks, deliveries, broadcast, presenter } = parts;
  return {
    pointHookAt: (hook) => broadcast.pointAt(hook),
    disturbHooks: (traffic) => broadcast.disturb(traffic),
    registerHook: (owner, hook) => hooks.add(owner, hook).id,
    hook: (id) => hooks.get(id),
    setTemplate: (id, template) => {
      hooks.get(id).template = template;
    },
    sendPipelineHook: (pipeline) => {
      const jobs = records.jobsOfPipeline(pipeline);
      broadcast.ofPipeline(jobs[0].project, pipelineHookPayload(jobs, presenter()));
    },
    resendHooks: (count = 1) => deliveries.resend(count),
    holdHooks: () => deliveries.hold(),
    releaseHooks: (order = 'forwards') => deliveries.release(order),
    onFileHook: (hook) => broadcast.addFileHook(hook),
    hookCounts: () => deliveries.counts(),
    settled: () => deliveries.settled(),
  };
}
