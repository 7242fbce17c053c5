// Bytes in the forms that they take here.

export const hex = (bytes) => Buffer.from(bytes).toString("hex")
export const fromHex = (text) => new Uint8Array(Buffer.from(text, "hex"))
export const utf8 = (text) => new TextEncoder().encode(text)
export const concat = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))))
export const equal = (a, b) => Buffer.compare(a, b) === 0

/// opaque<V> (RFC 9420 s.2.1.2), of bytes that are not longer than 2^14 - 1.
export function opaque(bytes) {
  const size = bytes.length
  return concat(size < 64 ? [size] : [0x40 | (size >> 8), size & 0xff], bytes)
}

/// What stands in an opaque<V> that fills `bytes` wholly.
export function unwrapped(bytes) {
  const prefix = bytes[0] < 64 ? 1 : 2
  const content = bytes.subarray(prefix)
  if (!equal(opaque(content), bytes)) throw new Error("not one opaque value")
  return content
}
