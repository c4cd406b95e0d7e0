/** Runs the work and waits for it at most so long. Rejects as the work does, or when the time is over. */
export async function settlesWithin<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    // The race also takes care of work that fails after nobody waits for it any more.
    return await Promise.race([work(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
