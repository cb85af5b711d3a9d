// Two messages at one place of a chain (ID-31).
import { equal } from './bytes.js';
import { decodeMessage, verifySignature } from './messages.js';
import { refuse } from './refusal.js';

/** Refuses what is no proof that the key of a device was copied. Bodies prove nothing and may be missing. */
export function checkFork(first, second) {
  const messages = [first, second].map(decodeMessage);
  const [a, b] = messages.map(({ header }) => header);
  const isOnePlace = a.net === b.net && equal(a.author, b.author) && equal(a.device, b.device) && a.seq === b.seq;
  const isOneMessage = equal(messages[0].id, messages[1].id);
  if (!isOnePlace || isOneMessage) refuse('wrong_shape', 'two that may stand beside each other');
  messages.forEach(verifySignature);
}
