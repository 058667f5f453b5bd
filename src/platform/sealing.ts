/**
 * Seals the listener's side of a record with the listener's own key: AES-256-GCM, the nonce from the decision's random
 * seed. The whole record is authenticated with it: whatever was altered in it, by whom ever, the state does not open.
 */
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { ByteWriter } from '../base/index.ts';
import { type DecisionRecord, encodeDecision, encodeListenerView, type ListenerView } from '../domain/index.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const viewWriter = new ByteWriter(4096);

/** Writes the record with the view sealed. Its seed is the decision's 16 random bytes: never used twice, so neither is the nonce. */
export function encodeSealed(record: DecisionRecord, view: ListenerView, secret: KeyObject, out: ByteWriter): void {
  viewWriter.reset();
  encodeListenerView(view, viewWriter);
  const room = new Uint8Array(viewWriter.length + TAG_BYTES);
  encodeDecision({ ...record, listenerState: room }, out, (everythingElse) => {
    const cipher = createCipheriv('aes-256-gcm', secret, record.seed.subarray(0, NONCE_BYTES));
    cipher.setAAD(everythingElse);
    return Buffer.concat([cipher.update(viewWriter.view()), cipher.final(), cipher.getAuthTag()]);
  });
}

/** The bytes of the view; undefined when anything in the record, or the key, is not what it was sealed with. */
export function openView(record: DecisionRecord, secret: KeyObject): Uint8Array | undefined {
  const sealed = record.listenerState;
  if (sealed.length < TAG_BYTES) return undefined;
  let view: Uint8Array | undefined;
  encodeDecision(
    { ...record, listenerState: new Uint8Array(sealed.length) },
    new ByteWriter(16 * 1024),
    (everythingElse) => {
      view = open(sealed, secret, record.seed, everythingElse);
      return sealed;
    },
  );
  return view;
}

function open(
  sealed: Uint8Array,
  secret: KeyObject,
  seed: Uint8Array,
  everythingElse: Uint8Array,
): Uint8Array | undefined {
  const decipher = createDecipheriv('aes-256-gcm', secret, seed.subarray(0, NONCE_BYTES));
  decipher.setAAD(everythingElse);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]);
  } catch (error) {
    if (error instanceof Error && /authenticate/i.test(error.message)) return undefined;
    throw error;
  }
}
