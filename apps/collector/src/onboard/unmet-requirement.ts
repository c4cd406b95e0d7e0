/** One sentence on why every hook of this GitLab is refused; undefined where none is. `signs`: it is 19.0 or later. */
export function unmetRequirement(wantsSignature: boolean, signs: boolean): string | undefined {
  if (signs || !wantsSignature) return undefined;
  return 'SIDEBAND_HOOK_REQUIRE wants signatures, and GitLab signs hooks since 19.0 only: every hook of this one is refused';
}
