import type { FastifyInstance } from 'fastify';
import type { Context } from './context.ts';
import type { TokenRecord } from './tokens.ts';

/** What GitLab says of itself and of the token. */
export function addInstanceRoutes(app: FastifyInstance, context: Context): void {
  const version = (): object => ({
    version: context.presenter().features.version,
    revision: 'a1b2c3d4e5f',
  });

  app.get('/version', version);

  app.get('/metadata', () => ({
    ...version(),
    kas: { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null },
    enterprise: context.presenter().features.enterprise,
  }));

  app.get('/personal_access_tokens/self', (request, reply) => {
    const token = context.tokens.of(request);
    if (token.oauth !== true) return reply.send(tokenEntity(token));
    const message = '400 Bad request - This endpoint requires token type to be a personal access token';
    return reply.code(400).send({ message });
  });
}

/** `API::Entities::PersonalAccessToken`. */
function tokenEntity(token: TokenRecord): object {
  return {
    id: token.id,
    name: token.name ?? `token ${token.id}`,
    revoked: false,
    created_at: new Date(token.createdAt).toISOString(),
    description: null,
    scopes: token.scopes,
    user_id: 1,
    last_used_at: null,
    active: true,
    expires_at: token.expiresAt ?? null,
  };
}
