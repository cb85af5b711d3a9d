// Ed25519 with the strict checks of EN-11 to EN-13, keys as text (ID-2) and recovery keys (ID-5).
import { createPrivateKey, createPublicKey, hkdfSync, sign as signWith, verify as verifyWith } from 'node:crypto';
import { bytes, fromBase58, fromHex, fromLittleEndian, hash, toBase58 } from './bytes.js';
import { refuse } from './refusal.js';

const FIELD = 2n ** 255n - 19n;
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const SMALL_ORDER = new Set(
  [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].map((encoding) => fromLittleEndian(fromHex(encoding))),
);
// node:crypto takes keys in DER only; these stand before the 32 bytes of a key.
const SPKI = fromHex('302a300506032b6570032100');
const PKCS8 = fromHex('302e020100300506032b657004220420');

const withoutSign = (point) => fromLittleEndian(point) & ((1n << 255n) - 1n);
/** Tests 2 and 3 of EN-11, which hold for keys and for R. The table of 14 is these 7, with either highest bit. */
const isStrictPoint = (point) => withoutSign(point) < FIELD && !SMALL_ORDER.has(withoutSign(point));

export function checkKey(key) {
  if (key.length !== 32 || !isStrictPoint(key)) refuse('bad_key', 'a key that is not canonical or of small order');
  return key;
}

export function verify(key, signature, signed) {
  checkKey(key);
  const badSignature = () => refuse('bad_signature', 'the signature does not hold');
  if (signature.length !== 64) badSignature();
  if (!isStrictPoint(signature.subarray(0, 32))) badSignature();
  if (fromLittleEndian(signature.subarray(32)) >= GROUP_ORDER) badSignature();
  const publicKey = createPublicKey({ key: bytes(SPKI, key), format: 'der', type: 'spki' });
  if (!verifyWith(null, signed, publicKey, signature)) badSignature();
}

const privateKey = (seed) => createPrivateKey({ key: bytes(PKCS8, seed), format: 'der', type: 'pkcs8' });
export const publicKeyOf = (seed) =>
  createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(-32);
export const sign = (seed, signed) => signWith(null, signed, privateKey(seed));

const DID = 'did:key:z';
const ED25519 = fromHex('ed01');

export const toDid = (key) => DID + toBase58(bytes(ED25519, key));

export function fromDid(did) {
  if (!did.startsWith(DID)) refuse('out_of_range', 'a key as text begins with did:key:z');
  const data = fromBase58(did.slice(DID.length));
  const holds = data.length === 34 && data.subarray(0, 2).equals(ED25519);
  return holds ? data.subarray(2) : refuse('out_of_range', 'not the text of an Ed25519 key');
}

/** ID-5 and ID-6: recovery key `number`, counted from 1, of the owner's 32 bytes of entropy. */
export function recoveryKey(entropy, number) {
  const info = Buffer.alloc(4);
  info.writeUInt32BE(number);
  const seed = Buffer.from(hkdfSync('sha256', entropy, 'hedgerow/1/root', info, 32));
  const key = publicKeyOf(seed);
  return { seed, key, commitment: hash('next', key) };
}
