/** Copies of messages, unknown fields and all (structuredClone drops what stands under symbols). */

/** A deep copy. */
export function cloneMessage<T>(message: T): T {
  return copy(message) as T;
}

function copy(content: unknown): unknown {
  if (typeof content !== 'object' || content === null) return content;
  if (Array.isArray(content)) return content.map(copy);
  if (content instanceof Map) return new Map([...content].map(([key, inner]) => [key, copy(inner)]));
  if (content instanceof Uint8Array) return content.slice();
  const from = content as Record<PropertyKey, unknown>;
  const to: Record<PropertyKey, unknown> = {};
  for (const key of Reflect.ownKeys(from)) to[key] = copy(from[key]);
  return to;
}
