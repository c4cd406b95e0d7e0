import type { Clock, Millis } from '@sideband/shared/clock';
import type { FastifyRequest } from 'fastify';
import type { Role } from './roles.ts';

type Scope = 'api' | 'read_api' | 'read_user' | 'manage_runner';

export interface NewToken {
  readonly token: string;
  readonly scopes: readonly Scope[];
  readonly role: Role;
  /** Paths of the groups and projects it is a member of; of all unless told. */
  readonly memberOf?: readonly string[];
  /** `2026-12-31`: it is refused from that day's first moment (UTC) on. Never unless told. */
  readonly expiresAt?: string;
  readonly name?: string;
  /** An OAuth application's: only good as `Bearer`, and it cannot say what it is. */
  readonly oauth?: boolean;
}

export interface TokenRecord extends NewToken {
  readonly id: number;
  readonly createdAt: Millis;
  revoked: boolean;
}

/** Why a request is not let in, in the words of GitLab's answer; undefined if it is. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly body: Readonly<Record<string, string>>;
}

/** The tokens there are. Misuse throws. */
export class Tokens {
  readonly #tokens = new Map<string, TokenRecord>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(token: NewToken): void {
    if (this.#tokens.has(token.token)) throw new Error('There is such a token already');
    const id = this.#tokens.size + 1;
    this.#tokens.set(token.token, { ...token, id, createdAt: this.#clock.now(), revoked: false });
  }

  revoke(token: string): void {
    this.#known(token).revoked = true;
  }

  /** The replacement may do the same; the old one is revoked. */
  rotate(token: string, replacement: string): void {
    const { id: _id, revoked: _revoked, createdAt: _createdAt, ...same } = this.#known(token);
    this.add({ ...same, token: replacement });
    this.revoke(token);
  }

  /** Of a request that was let in. */
  of(request: FastifyRequest): TokenRecord {
    const token = this.#find(request);
    if (token === undefined) throw new Error('This request names no known token');
    return token;
  }

  refuse(request: FastifyRequest): Refusal | undefined {
    const token = this.#find(request);
    if (token === undefined) return { status: 401, body: { message: '401 Unauthorized' } };
    if (token.revoked) return invalid('Token was revoked. You have to re-authorize from the user.');
    if (isExpired(token, this.#clock.now())) {
      return invalid('Token is expired. You can either do re-authorization or token refresh.');
    }
    // A token may always ask what it is.
    if (request.routeOptions.url === '/api/v4/personal_access_tokens/self') return undefined;
    const wanted = request.method === 'GET' ? ['api', 'read_api'] : ['api'];
    if (token.scopes.some((scope) => wanted.includes(scope))) return undefined;
    return { status: 403, body: insufficientScope(wanted.join(' ')) };
  }

  #find(request: FastifyRequest): TokenRecord | undefined {
    const { authorization } = request.headers;
    const bearer = authorization?.startsWith('Bearer ') ? authorization.slice(7) : undefined;
    const header = request.headers['private-token'];
    const token = this.#tokens.get(String(header ?? bearer));
    return token?.oauth === true && bearer === undefined ? undefined : token;
  }

  #known(token: string): TokenRecord {
    const known = this.#tokens.get(token);
    if (known === undefined) throw new Error('There is no such token');
    return known;
  }
}

function isExpired(token: TokenRecord, now: Millis): boolean {
  return token.expiresAt !== undefined && now >= Date.parse(token.expiresAt);
}

function invalid(description: string): Refusal {
  return { status: 401, body: { error: 'invalid_token', error_description: description } };
}

function insufficientScope(scope: string): Readonly<Record<string, string>> {
  return {
    error: 'insufficient_scope',
    error_description: 'The request requires higher privileges than provided by the access token.',
    scope,
  };
}
