// The canonical subset of msgpack (02-encoding.md): nil, bool, uint, bin, text and arrays, each in one form.
// In JavaScript these are null, booleans, numbers, Buffers, strings and Arrays.
import { MAX_ARRAY, MAX_DEPTH, MAX_UINT } from './limits.js';
import { refuse } from './refusal.js';

const notCanonical = (words) => refuse('not_canonical', words);
// ignoreBOM: a byte order mark is an ordinary character and stays (EN-3).
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** EN-7: the one value that `data` holds, of at most `maxSize` bytes. */
export function decode(data, maxSize = Infinity) {
  if (data.length > maxSize) refuse('too_big', `${data.length} bytes where ${maxSize} are allowed`);
  const reader = new Reader(data);
  const value = reader.value(1);
  if (reader.position !== data.length) notCanonical('bytes after the value');
  return value;
}

/** A strict reader, so that no second encoding is needed to see that the form is the only one. */
class Reader {
  constructor(data) {
    this.data = Buffer.from(data.buffer, data.byteOffset, data.length);
    this.position = 0;
  }

  take(length) {
    if (this.position + length > this.data.length) notCanonical('the value breaks off');
    this.position += length;
    return this.data.subarray(this.position - length, this.position);
  }

  /** A big-endian number of `size` bytes that a shorter form, up to `shorter`, could not hold. */
  number(size, shorter) {
    const number = Number(BigInt(`0x${this.take(size).toString('hex')}`));
    if (number <= shorter || number > MAX_UINT) notCanonical('a number in a longer form, or too large');
    return number;
  }

  value(depth) {
    const first = this.take(1)[0];
    if (first <= 0x7f) return first;
    if (first >= 0x90 && first <= 0x9f) return this.array(first - 0x90, depth);
    if (first >= 0xa0 && first <= 0xbf) return this.text(first - 0xa0);
    switch (first) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return this.take(this.number(1, -1));
      case 0xc5: return this.take(this.number(2, 0xff));
      case 0xc6: return this.take(this.number(4, 0xffff));
      case 0xcc: return this.number(1, 0x7f);
      case 0xcd: return this.number(2, 0xff);
      case 0xce: return this.number(4, 0xffff);
      case 0xcf: return this.number(8, 0xffffffff);
      case 0xd9: return this.text(this.number(1, 31));
      case 0xda: return this.text(this.number(2, 0xff));
      case 0xdb: return this.text(this.number(4, 0xffff));
      case 0xdc: return this.array(this.number(2, 15), depth);
      default: return notCanonical('a form that is not allowed');
    }
  }

  text(length) {
    const data = this.take(length);
    let text;
    try {
      text = utf8.decode(data);
    } catch {
      notCanonical('text that is not UTF-8');
    }
    return CONTROLS.test(text) ? notCanonical('text with a control character') : text;
  }

  array(count, depth) {
    if (count > MAX_ARRAY || depth > MAX_DEPTH) notCanonical('an array too long or too deep');
    return Array.from({ length: count }, () => this.value(depth + 1));
  }
}

/** The table of EN-1: up to which number, the first byte, and in how many bytes the number follows. */
const FORMS = {
  uint: [[0x7f, 0x00, 0], [0xff, 0xcc, 1], [0xffff, 0xcd, 2], [0xffffffff, 0xce, 4], [MAX_UINT, 0xcf, 8]],
  bin: [[0xff, 0xc4, 1], [0xffff, 0xc5, 2], [0xffffffff, 0xc6, 4]],
  text: [[31, 0xa0, 0], [0xff, 0xd9, 1], [0xffff, 0xda, 2], [0xffffffff, 0xdb, 4]],
  array: [[15, 0x90, 0], [MAX_ARRAY, 0xdc, 2]],
};

/** The only bytes of a value. */
export function encode(value) {
  if (value === null) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'string') return encodeText(value);
  if (value instanceof Uint8Array) return Buffer.concat([head(value.length, FORMS.bin), value]);
  if (Array.isArray(value)) return Buffer.concat([head(value.length, FORMS.array), ...value.map(encode)]);
  throw new TypeError(`no value of the encoding: ${value}`);
}

function encodeNumber(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`no uint: ${value}`);
  return head(value, FORMS.uint);
}

function encodeText(text) {
  if (!text.isWellFormed() || CONTROLS.test(text)) throw new RangeError('text that the encoding forbids');
  const data = Buffer.from(text, 'utf8');
  return Buffer.concat([head(data.length, FORMS.text), data]);
}

/** The first of `forms` that holds `number`. */
function head(number, forms) {
  const form = forms.find(([max]) => number <= max);
  if (!form) throw new RangeError(`too large for the encoding: ${number}`);
  const [, first, size] = form;
  if (size === 0) return Buffer.from([first + number]);
  return Buffer.from([first, ...Buffer.from(number.toString(16).padStart(2 * size, '0'), 'hex')]);
}
