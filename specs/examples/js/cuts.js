// Which messages of a removed device still count: those that the tips of its cut lead to (ID-26, ID-27).
import { equal } from './bytes.js';

/** The ids that the walks name, by seq, and whether something at a seq may yet be named once a missing link comes. */
export function walk(tips, author, device, held) {
  const reached = new Map();
  const gaps = [];
  tips.forEach(([seq, id], i) => {
    const end = tips[i + 1]?.[0] ?? 0;
    const missing = walkDown({ seq, id, end, author, device, held, reached });
    if (missing !== null) gaps.push([end, missing]);
  });
  return { reached, isOpenAt: (seq) => gaps.some(([end, missing]) => seq > end && seq < missing) };
}

/** The seq at which a message is named that is not held, or that is held and is no message of this place; else null. */
function walkDown({ seq, id, end, author, device, held, reached }) {
  for (let [place, name] = [seq, id]; place > end && name !== null; place -= 1) {
    reached.set(place, [...(reached.get(place) ?? []), name]);
    const message = held(name);
    if (!message || !isAt(message, { author, device, seq: place })) return place;
    name = message.header.prev;
  }
  return null;
}

const isAt = ({ header }, { author, device, seq }) =>
  header.kind !== 0 && header.seq === seq && equal(header.author, author) && equal(header.device, device);
