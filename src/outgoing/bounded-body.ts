/** An answer that has more bytes than it may have. */
export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError'
}

/**
 * Reads the body of an answer from outside as UTF-8, and no more of it than it may have.
 *
 * @param maxBytes what comes after this many bytes is not read
 * @throws BodyTooLargeError, or what the body throws
 */
export async function readBounded(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > maxBytes) {
      throw new BodyTooLargeError(`more than ${maxBytes} bytes`)
    }
    chunks.push(chunk)
  }
  // It leaves a byte-order mark out.
  return new TextDecoder().decode(Buffer.concat(chunks))
}
