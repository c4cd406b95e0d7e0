import { alertStatus } from './hook-health.ts';
import type { HookRecord } from './hook-record.ts';
import type { Entity, Presenter } from './presenter.ts';
import { iso } from './times.ts';

/** `API::Entities::ProjectHook`, `GroupHook` and (of the system's) `Hook`. Secrets are never shown. */
export function hookEntity(hook: HookRecord, { features, now }: Presenter): Entity {
  const template = typeof hook.template === 'string' ? hook.template : null;
  return {
    id: hook.id,
    url: hook.url,
    ...(features.has('hookNames') ? { name: hook.name ?? null, description: hook.description ?? null } : {}),
    created_at: iso(hook.createdAt),
    ...hook.events,
    enable_ssl_verification: hook.enableSslVerification,
    alert_status: alertStatus(hook.health, now),
    disabled_until: iso(hook.health.disabledUntil),
    url_variables: [],
    push_events_branch_filter: null,
    branch_filter_strategy: 'wildcard',
    ...(features.has('customTemplates') ? { custom_webhook_template: template, custom_headers: [] } : {}),
    ...(features.has('signingTokens')
      ? {
          token_present: hook.token !== undefined,
          signing_token_present: hook.signingToken !== undefined,
        }
      : {}),
    ...ownerPart(hook),
  };
}

function ownerPart({ owner }: HookRecord): Entity {
  if (owner.kind === 'project') return { project_id: owner.project };
  return owner.kind === 'group' ? { group_id: owner.group } : {};
}
