import type { Request } from './dial.ts';

/** What an engine is asked, without whom about: `GET /images/<id>/json`. There are a dozen of them. */
export type EngineCall = `${Request['method']} /${string}`;

export function engineCall({ method, path }: Request): EngineCall {
  const template = path.replace(/^\/images\/(?!json$).+?(\/(?:json|history|tag))?$/, '/images/<id>$1');
  return `${method} ${template}` as EngineCall;
}
