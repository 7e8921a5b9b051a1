/** Roughly how many bytes a plain value takes; strings count their length. Only for bounds on what may wait. */
export function approximateBytes(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let bytes = 16;
  if (Array.isArray(value)) {
    for (const element of value) bytes += approximateBytes(element);
    return bytes;
  }
  for (const key in value) bytes += 8 + approximateBytes((value as Record<string, unknown>)[key]);
  return bytes;
}
