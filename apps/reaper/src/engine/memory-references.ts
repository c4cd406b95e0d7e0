import type { DigestName, TagName } from './port.ts';

export type Reference = TagName | DigestName;

/** `docker.io/library/ruby` of `docker.io/library/ruby:3.3` or `docker.io/library/ruby@sha256:…`. */
export function repositoryOfName(name: Reference): string {
  const at = name.indexOf('@');
  return at === -1 ? name.slice(0, name.lastIndexOf(':')) : name.slice(0, at);
}

/**
 * Whether Docker takes an image's references for one, so that it may go by id: at most one tag, and all in one
 * repository (`isSingleReference` in moby's image_delete.go).
 */
export function isSingleReference(references: readonly Reference[]): boolean {
  const tags = references.filter((reference) => !reference.includes('@'));
  return tags.length <= 1 && new Set(references.map(repositoryOfName)).size <= 1;
}
