// Why bytes are refused: one reason of the closed list in errors.md.

export class Refusal extends Error {
  constructor(reason, words = reason) {
    super(words);
    this.reason = reason;
  }
}

export function refuse(reason, words) {
  throw new Refusal(reason, words);
}

/** What our own side is asked for is forbidden, so nothing may be sent; vectors call it "local". */
export const forbid = (words) => refuse('local', words);
