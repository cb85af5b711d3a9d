// The notation of the vectors (specs/README.md): bytes in parts of hexadecimal, values as JSON.
import { isDeepStrictEqual } from 'node:util';
import { fromHex, hex } from './bytes.js';

/** "c402 00*2" is c4020000. */
export function bytesOf(text) {
  const part = (word) => {
    const [digits, count = '1'] = word.split('*');
    return Buffer.concat(Array(Number(count)).fill(fromHex(digits)));
  };
  return Buffer.concat(text.split(' ').map(part));
}

const isBytes = (text) => /^([0-9a-f]{2})*(\*\d+)?( ([0-9a-f]{2})+(\*\d+)?)*$/.test(text);

/** JSON without abbreviations: repeats written out, bytes in plain hexadecimal. */
function expanded(json) {
  if (typeof json === 'string') return isBytes(json) ? hex(bytesOf(json)) : json;
  if (Array.isArray(json)) return json.map(expanded);
  if (json === null || typeof json !== 'object') return json;
  if ('text' in json && 'times' in json) return json.text.repeat(json.times);
  if ('item' in json && 'times' in json) return Array(json.times).fill(expanded(json.item));
  return Object.fromEntries(Object.entries(json).map(([name, each]) => [name, expanded(each)]));
}

/** The JSON counterpart of a value. */
export function jsonOf(value) {
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, jsonOf(each)]));
}

export const isSame = (result, expected) => isDeepStrictEqual(expanded(result), expanded(expected));

/** Of a case what is put in: `inputs` are paths such as "exchange.*.0", the first of each step. */
export const inputsOf = (given, inputs) => Object.assign({}, ...inputs.map((path) => picked(given, path.split('.'))));

function picked(value, [name, ...rest]) {
  if (name === undefined) return value;
  if (name === '*') return value.map((each) => picked(each, rest));
  if (!(name in value)) return {};
  const found = rest.length > 0 ? picked(value[name], rest) : value[name];
  return Array.isArray(value) ? [found] : { [name]: found };
}
