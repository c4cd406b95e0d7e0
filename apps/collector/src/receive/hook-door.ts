import type { Clock } from '@sideband/shared/clock';
import type { Log } from '@sideband/shared/log';
import type { InstanceName } from '@sideband/shared/names';
import type { FastifyRequest } from 'fastify';
import { proveBody, proveHead } from './authenticate.ts';
import {
  BODY_LIMIT_BYTES,
  CUT_OFF,
  limited,
  NOT_ALLOWED,
  type Refused,
  SHED,
  SHED_UNPROVEN,
  UNAUTHORIZED,
} from './hook-answer.ts';
import type { HookLimits } from './hook-limits.ts';
import type { HookMetrics, SourceKind } from './hook-outcome.ts';
import type { HookReception } from './hook-reception.ts';
import { type HookAddress, parseHookAddress } from './hook-source.ts';
import { bodyBytes } from './refuse-hook.ts';
import type { Shed } from './shed.ts';
import type { ProvenHook } from './take-hook.ts';

const ID_LIMIT = 255;

/** The variable parts of a hook's address. */
export interface AddressParts {
  readonly instance?: string;
  readonly id?: string;
}

/** A request that was let in. */
export interface Visit {
  readonly address: HookAddress;
  readonly reception: HookReception;
  /** Its token was right; otherwise only the body can prove it. */
  readonly isKnown: boolean;
  /** To be called once, when the request is over. */
  readonly leave: () => void;
}

interface DoorParts {
  readonly instances: ReadonlyMap<InstanceName, HookReception>;
  readonly shed: Shed;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<HookMetrics, 'hookShed'>;
}

export interface Door {
  /** All that can be said without the body; nothing of it is read before. */
  enter(
    kind: SourceKind,
    request: FastifyRequest<{ Params: AddressParts }>,
    limits: HookLimits,
  ): Promise<Visit | Refused>;
  /** What is left to be proven by the body. */
  prove(visit: Visit, request: FastifyRequest, limits: HookLimits): Promise<ProvenHook | Refused>;
}

/** Who may come in with what. */
export function createDoor({ instances, shed, clock, log, metrics }: DoorParts): Door {
  return {
    async enter(kind, request, limits) {
      const ip = senderOf(request);
      if (ip === undefined) return CUT_OFF;
      if (![...instances.values()].some((reception) => isAllowed(ip, reception))) {
        return turnAway(request, limits, 'its sender is not on the list of allowed addresses', NOT_ALLOWED);
      }
      const address = parseHookAddress(kind, request.params);
      const reception = address === undefined ? undefined : instances.get(address.instance);
      // Which GitLabs there are, and from where each may come, is nobody's business: the answer is one.
      if (address === undefined || reception === undefined || !isAllowed(ip, reception)) {
        return turnAway(request, limits, 'nobody may send hooks to this address from there');
      }
      const head = proveHead(request.headers, address, reception);
      if (head === 'refused') return turnAway(request, limits, 'its proof is missing or wrong');

      const isKnown = head === 'known';
      const waitMs = isKnown ? await limits.known(request, address) : await limits.isUnknownOver(request);
      if (waitMs !== undefined) return limited(isKnown, waitMs);
      const leave = shed.enter(address.instance, bodyBytes(request, BODY_LIMIT_BYTES), isKnown);
      if (typeof leave === 'function') return { address, reception, isKnown, leave };
      metrics.hookShed(leave);
      return isKnown ? SHED : SHED_UNPROVEN;
    },

    async prove({ address, reception, isKnown }, request, limits) {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const proof = proveBody(request.headers, body, address, reception, clock.now());
      if (proof.kind === 'refused') return turnAway(request, limits, proof.problem);
      const waitMs = isKnown ? undefined : await limits.known(request, address);
      if (waitMs !== undefined) return limited(true, waitMs);
      return proof.kind === 'signed'
        ? { address, body, id: proof.signature.id, signedSeconds: proof.signature.seconds }
        : { address, body, id: deliveryId(request), signedSeconds: undefined };
    },
  };

  /** The problem is for our log; the sender hears the same whatever it was. */
  async function turnAway(
    request: FastifyRequest,
    limits: HookLimits,
    problem: string,
    refused = UNAUTHORIZED,
  ): Promise<Refused> {
    const waitMs = await limits.unknown(request);
    if (waitMs !== undefined) return limited(false, waitMs);
    log.warn({ address: request.ip, problem }, 'Hook refused');
    return refused;
  }
}

/** Undefined, whatever fastify's type says, where the connection was reset before anybody asked whose it is. */
function senderOf({ ip }: FastifyRequest): string | undefined {
  return ip;
}

function isAllowed(ip: string, { allow }: HookReception): boolean {
  return allow === undefined || allow.has(ip);
}

/** The same when GitLab sends an event again: since 17.4. */
function deliveryId({ headers }: FastifyRequest): string | undefined {
  const id = headers['idempotency-key'] ?? headers['webhook-id'];
  return typeof id === 'string' && id !== '' && id.length <= ID_LIMIT ? id : undefined;
}
