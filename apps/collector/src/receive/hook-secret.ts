import { createHmac } from 'node:crypto';
import type { GroupId, InstanceName, ProjectId } from '@sideband/shared/names';

/**
 * Whose hooks come in at an address. A project's maintainer can make GitLab send any body through the project's own
 * hook (custom webhook templates), so what comes from a project speaks of that project only. `file` is the forwarder
 * on GitLab's own server.
 */
export type HookSource =
  | { readonly kind: 'project'; readonly project: ProjectId }
  | { readonly kind: 'group'; readonly group: GroupId }
  | { readonly kind: 'system' }
  | { readonly kind: 'file' };

/** `/hooks/gitlab.example.com/projects/42`: below the collector's address. */
export function hookPath(instance: InstanceName, source: HookSource): string {
  return `/hooks/${instance}/${sourceText(source)}`;
}

/** What GitLab sends as `X-Gitlab-Token`: 43 characters, good for this instance and source only. */
export function hookToken(master: string, instance: InstanceName, source: HookSource): string {
  return derive(master, 'token', instance, source).toString('base64url');
}

/** Key of the signatures (GitLab 19.0): 32 bytes. */
export function signingKey(master: string, instance: InstanceName, source: HookSource): Buffer {
  return derive(master, 'signing', instance, source);
}

/** The signing key as GitLab takes it: `whsec_` and base64. */
export function signingToken(master: string, instance: InstanceName, source: HookSource): string {
  return `whsec_${signingKey(master, instance, source).toString('base64')}`;
}

/** Tells apart which master a hook's secrets come from, and nothing else of it: 8 hexadecimal digits. */
export function masterFingerprint(master: string): string {
  return createHmac('sha256', master).update('sideband hook fingerprint 1').digest('hex').slice(0, 8);
}

function derive(
  master: string,
  use: 'token' | 'signing',
  instance: InstanceName,
  source: HookSource,
): Buffer {
  // No part can hold a line feed, so no two sources share a text.
  const text = ['sideband hook 1', use, instance, sourceText(source)].join('\n');
  return createHmac('sha256', master).update(text).digest();
}

function sourceText(source: HookSource): string {
  switch (source.kind) {
    case 'project':
      return `projects/${source.project}`;
    case 'group':
      return `groups/${source.group}`;
    case 'system':
    case 'file':
      return source.kind;
  }
}
