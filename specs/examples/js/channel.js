// Frames cut into chunks, one Noise message each (HS-23, HS-24).
import { bytes } from './bytes.js';
import { MAX_CHUNK, MAX_FRAME } from './limits.js';
import { refuse } from './refusal.js';

const LAST = 0;
const MORE = 1;

/** The Noise messages of one frame. */
export function sealFrame(cipher, frame) {
  const count = Math.ceil(frame.length / MAX_CHUNK);
  return Array.from({ length: count }, (_, i) => {
    const first = Buffer.from([i + 1 < count ? MORE : LAST]);
    return cipher.seal(bytes(first, frame.subarray(i * MAX_CHUNK, (i + 1) * MAX_CHUNK)));
  });
}

/** Puts the chunks of one direction together. */
export class FrameReader {
  constructor(cipher) {
    this.cipher = cipher;
    this.chunks = [];
  }

  /** The frame that `message` completes, or null. */
  read(message) {
    const plaintext = this.cipher.open(message);
    this.chunks.push(checkChunk(plaintext));
    const frame = bytes(...this.chunks);
    if (frame.length > MAX_FRAME) refuse('too_big', 'a frame that is too long');
    if (plaintext[0] === MORE) return null;
    this.chunks = [];
    return frame;
  }
}

function checkChunk(plaintext) {
  const [first] = plaintext;
  const chunk = plaintext.subarray(1);
  const holds = (first === LAST && chunk.length > 0) || (first === MORE && chunk.length === MAX_CHUNK);
  return holds ? chunk : refuse('wrong_shape', 'a chunk that no honest sender cuts');
}
