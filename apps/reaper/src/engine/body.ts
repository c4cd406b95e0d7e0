import type { IncomingMessage } from 'node:http';

/** Ten thousand images are listed in about 10 MB. */
const LIMIT_BYTES = 64 * 1024 * 1024;

/** The body of an answer: parsed where it is JSON, else its text. Throws when it breaks off or is larger than 64 MiB. */
export async function readBody(response: IncomingMessage): Promise<unknown> {
  const text = await readText(response);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LIMIT_BYTES) throw new Error(`the answer is larger than ${LIMIT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
