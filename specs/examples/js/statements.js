// Which message of a statement holds now (05-kinds.md, KI-14 to KI-17).
import { compare, hex } from './bytes.js';

const byAge = (a, b) => a.header.ts - b.header.ts || compare(a.id, b.id);

/** The heads of what `author` says under `kind` and `slot`, the current one last. Withdrawn bodies have no slot. */
export function heads(store, author, kind, slot) {
  const own = [...store.messages.values()].filter(
    (message) => message.header.kind === kind && message.header.author.equals(author) && store.isAuthorised(message),
  );
  const superseded = new Set(own.flatMap(({ header }) => header.replaces.map(hex)));
  return own.filter(({ id, said }) => said?.slot === slot && !superseded.has(hex(id))).sort(byAge);
}
