/** Seals the listener's side of a record with the listener's own key: AES-256-GCM, the nonce from the decision's random seed. */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `seed` is the 16 random bytes of the decision: never used twice, so neither is the nonce. */
export function sealView(view: Uint8Array, secret: KeyObject, seed: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', secret, seed.subarray(0, NONCE_BYTES));
  return Buffer.concat([cipher.update(view), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when the bytes, the key or the seed are not those that they were sealed with. */
export function openView(sealed: Uint8Array, secret: KeyObject, seed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', secret, seed.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch (error) {
    if (error instanceof Error && /authenticate/i.test(error.message)) return undefined;
    throw error;
  }
}
