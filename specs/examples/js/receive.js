// What a receiver checks of a message, in the order of ME-10. Whether its author's log allows it: see identity.js.
import { decodeEntry } from './identity.js';
import { decodeBody } from './kinds.js';
import { decodeMessage, verifySignature } from './messages.js';
import { refuse } from './refusal.js';

/** The message with its content, or a refusal. `net` is the network that the receiver takes part in. */
export function receive(data, net) {
  const message = decodeMessage(data);
  if (message.header.net !== net) refuse('wrong_net', 'a message of another network');
  const said = decodeSaid(message);
  verifySignature(message);
  return { ...message, said };
}

function decodeSaid({ header, body }) {
  if (header.kind === 0) return decodeEntry(header, body);
  return body === null ? null : decodeBody(header.kind, body);
}
