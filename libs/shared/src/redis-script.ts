import type { Redis } from 'ioredis';
import { callRedis } from './redis-call.ts';

/** A Lua script that touches one hash slot. */
export interface RedisScript {
  /** Unique over all scripts: it becomes a command of the client. */
  readonly name: string;
  readonly lua: string;
}

type ScriptCommand = (keyCount: number, ...rest: readonly (string | number)[]) => Promise<unknown>;

/** Makes the script a function. ioredis sends its digest, and the text only to a server that lacks it. */
export function defineScript(
  redis: Redis,
  script: RedisScript,
): (keys: readonly string[], values: readonly (string | number)[]) => Promise<unknown> {
  redis.defineCommand(script.name, { lua: script.lua });
  const command = (Reflect.get(redis, script.name) as ScriptCommand).bind(redis);
  return (keys, values) => callRedis(() => command(keys.length, ...keys, ...values));
}
