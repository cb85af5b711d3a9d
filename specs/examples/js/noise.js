// Noise_XX_25519_ChaChaPoly_SHA256 without a library (HS-3, HS-22, HS-25).
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { bytes, fromHex, sha256 } from './bytes.js';
import { MAX_NOISE_MESSAGE, REKEY_AFTER } from './limits.js';
import { refuse } from './refusal.js';

const NAME = Buffer.from('Noise_XX_25519_ChaChaPoly_SHA256', 'ascii');
const NOTHING = Buffer.alloc(0);
const TAG = 16;
const KEY = 32;
const SPKI = fromHex('302a300506032b656e032100');
const PKCS8 = fromHex('302e020100300506032b656e04220420');
const REKEY_NONCE = fromHex('00000000ffffffffffffffff');

const badHandshake = (words) => refuse('bad_handshake', words);

// X25519

const privateKey = (seed) => createPrivateKey({ key: bytes(PKCS8, seed), format: 'der', type: 'pkcs8' });
export const x25519PublicKey = (seed) =>
  createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(-KEY);

/** HS-7: the library itself refuses a result of 32 zero bytes, on some versions by an error. */
function agree(seed, theirs) {
  let shared = Buffer.alloc(KEY);
  try {
    const publicKey = createPublicKey({ key: bytes(SPKI, theirs), format: 'der', type: 'spki' });
    shared = diffieHellman({ privateKey: privateKey(seed), publicKey });
  } catch {
    badHandshake('a public key of small order');
  }
  return shared.equals(Buffer.alloc(KEY)) ? badHandshake('a public key of small order') : shared;
}

// ChaCha20-Poly1305

function nonceFor(n) {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64LE(BigInt(n), 4);
  return nonce;
}

function seal(key, nonce, associated, plaintext) {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG });
  cipher.setAAD(associated, { plaintextLength: plaintext.length });
  return bytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

function open(key, nonce, associated, sealed) {
  if (sealed.length < TAG) badHandshake('a part without a tag');
  const cipher = createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG });
  cipher.setAAD(associated, { plaintextLength: sealed.length - TAG });
  cipher.setAuthTag(sealed.subarray(-TAG));
  try {
    return bytes(cipher.update(sealed.subarray(0, -TAG)), cipher.final());
  } catch {
    return badHandshake('a part that does not decrypt');
  }
}

/** One direction of a link after the handshake: its key, its counter, and a new key every REKEY_AFTER messages. */
export class CipherState {
  constructor(key) {
    this.key = key;
    this.n = 0;
  }

  seal(plaintext) {
    return this.#next(seal(this.key, nonceFor(this.n), NOTHING, plaintext));
  }

  open(sealed) {
    if (sealed.length > MAX_NOISE_MESSAGE) refuse('too_big', 'a Noise message that is too long');
    return this.#next(open(this.key, nonceFor(this.n), NOTHING, sealed));
  }

  #next(result) {
    this.n += 1;
    if (this.n % REKEY_AFTER === 0) this.rekey();
    return result;
  }

  rekey() {
    this.key = seal(this.key, REKEY_NONCE, NOTHING, Buffer.alloc(KEY)).subarray(0, KEY);
  }
}

// The handshake

const hmac = (key, ...parts) => createHmac('sha256', key).update(bytes(...parts)).digest();

function twoKeys(ck, input) {
  const t = hmac(ck, input);
  const first = hmac(t, Buffer.from([1]));
  return [first, hmac(t, first, Buffer.from([2]))];
}

const MESSAGES = [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']];

/** The machine of one side. Messages are written and read in turn; after the third there are two ciphers. */
export class NoiseXX {
  constructor({ isInitiator, prologue, ephemeral, static: own }) {
    Object.assign(this, { isInitiator, ephemeral, static: own });
    this.h = NAME;
    this.ck = NAME;
    this.key = null;
    this.n = 0;
    this.turn = 0;
    this.#mixHash(prologue);
  }

  write(payload) {
    const parts = MESSAGES[this.turn].map((token) => this.#writeToken(token));
    const message = bytes(...parts, this.#seal(payload));
    this.turn += 1;
    return message;
  }

  read(message) {
    this.unread = message;
    MESSAGES[this.turn].forEach((token) => this.#readToken(token));
    const payload = this.#open(this.unread);
    this.turn += 1;
    return payload;
  }

  /** The ciphers of this side. The handshake hash is `h`. */
  split() {
    const [k1, k2] = twoKeys(this.ck, NOTHING).map((key) => new CipherState(key));
    return this.isInitiator ? { sending: k1, receiving: k2 } : { sending: k2, receiving: k1 };
  }

  #writeToken(token) {
    if (token === 'e') return this.#mixHash(x25519PublicKey(this.ephemeral));
    if (token === 's') return this.#seal(x25519PublicKey(this.static));
    this.#mixShared(token);
    return NOTHING;
  }

  #readToken(token) {
    if (token === 'e') this.theirEphemeral = this.#mixHash(this.#take(KEY));
    else if (token === 's') this.theirStatic = this.#open(this.#take(KEY + TAG));
    else this.#mixShared(token);
  }

  #mixShared(token) {
    const usesStatic = { ee: false, es: !this.isInitiator, se: this.isInitiator }[token];
    const usesTheirStatic = { ee: false, es: this.isInitiator, se: !this.isInitiator }[token];
    const own = usesStatic ? this.static : this.ephemeral;
    this.#mixKey(agree(own, usesTheirStatic ? this.theirStatic : this.theirEphemeral));
  }

  #take(length) {
    if (this.unread.length < length) badHandshake('a message that is too short for its tokens');
    const part = this.unread.subarray(0, length);
    this.unread = this.unread.subarray(length);
    return part;
  }

  #mixHash(data) {
    this.h = sha256(this.h, data);
    return data;
  }

  #mixKey(input) {
    [this.ck, this.key] = twoKeys(this.ck, input);
    this.n = 0;
  }

  #seal(plaintext) {
    if (this.key === null) return this.#mixHash(plaintext);
    return this.#mixHash(seal(this.key, nonceFor(this.n++), this.h, plaintext));
  }

  #open(sealed) {
    const plaintext = this.key === null ? sealed : open(this.key, nonceFor(this.n++), this.h, sealed);
    this.#mixHash(sealed);
    return plaintext;
  }
}
