type Pages = AsyncIterable<readonly unknown[]>;

/** The pages of a list, or those of another if GitLab will not have the first from its beginning. */
export async function* pagesOr(
  pages: Pages,
  isRefusal: (error: unknown) => boolean,
  others: () => Pages,
): AsyncGenerator<readonly unknown[], void> {
  let begun = false;
  try {
    for await (const page of pages) {
      begun = true;
      yield page;
    }
  } catch (error) {
    // Later on the other list would begin anew, and say twice what was said.
    if (begun || !isRefusal(error)) throw error;
    yield* others();
  }
}
