// Who is how near: mass along follows (10-scope.md, SC-3). Local to a node; nothing of it crosses a link.

const KEPT = 0.15;
const PARTS = 30;
const LEAST = 1e-7;
const DIGITS = 12;

/** The mass of everybody whom it reaches, as [person, mass, introducer], the most first; people are numbers. */
export function masses(owner, follows, blocked) {
  const closed = new Set([owner, ...blocked]);
  const direct = [...new Set(follows.get(owner))].filter((one) => !closed.has(one)).sort((a, b) => a - b);
  const budget = (1 - KEPT) / direct.length;
  const held = new Map();
  const through = new Map(direct.map((one) => [one, one]));
  const reached = new Set(direct);
  const keep = (person, amount) => held.set(person, (held.get(person) ?? 0) + amount);
  let came = new Map(direct.map((one) => [one, budget]));
  while (came.size) {
    const coming = new Map();
    const most = new Map();
    for (const [person, amount] of [...came].sort(([a], [b]) => a - b)) {
      const followed = new Set(follows.get(person) ?? []);
      followed.delete(person);
      const part = ((1 - KEPT) * Math.min(amount, budget)) / Math.max(PARTS, followed.size);
      const others = part < LEAST ? [] : [...followed].filter((one) => !closed.has(one));
      for (const other of others) {
        if (reached.has(other)) {
          keep(other, part);
          continue;
        }
        coming.set(other, (coming.get(other) ?? 0) + part);
        if (part > (most.get(other) ?? 0)) {
          most.set(other, part);
          through.set(other, through.get(person));
        }
      }
      keep(person, KEPT * amount);
      keep(through.get(person), (1 - KEPT) * amount - part * others.length);
    }
    for (const person of coming.keys()) reached.add(person);
    came = coming;
  }
  const whole = [...held.values()].reduce((sum, amount) => sum + amount, 0);
  const rounded = (amount) => Number((amount / whole).toFixed(DIGITS));
  return [...held]
    .map(([person, amount]) => [person, rounded(amount), through.get(person)])
    .sort((one, other) => other[1] - one[1] || one[0] - other[0]);
}
