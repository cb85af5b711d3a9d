// Address records and lists of nodes (11-discovery.md).
import { bytes, tag } from './bytes.js';
import { decode } from './encoding.js';
import { bytesBehind } from './invites.js';
import { verify } from './keys.js';
import * as limits from './limits.js';
import { refuse } from './refusal.js';
import { array, bin, bin32, bytesUpTo, line, list, text, tuple, uint, uint16, uint32 } from './shapes.js';
import { SPACES } from './things.js';

const VERSION = 1;
const CORE = 1;
const SCHEME = 'hedgerow-nodes:';
const PLACE = /^wss?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?\/[\u0021-\u007e]*$/;

const place = (value) =>
  PLACE.test(text(limits.MAX_ADDRESS_RECORD)(value)) ? value : refuse('out_of_range', 'no address of a node');
const RECORD = {
  net: uint16,
  device: bin32,
  author: bin32,
  addresses: list(place, limits.MAX_RECORD_ADDRESSES),
  role: uint(CORE),
  ts: uint32,
  ttl: uint(limits.MAX_ADDRESS_LIFE),
  label: line(limits.MAX_ADDRESS_LABEL),
};
const LIST = {
  net: uint16,
  device: bin32,
  author: bin32,
  name: line(limits.MAX_NAME),
  ts: uint32,
  nodes: list((value) => decodeRecord(bytesUpTo(Infinity)(value)), limits.MAX_LISTED_NODES, 1),
};

/** DI-2: what a signed record says. */
export function decodeRecord(data) {
  const [record, signature] = tuple(bytesUpTo(Infinity), bin(64))(decode(data, limits.MAX_ADDRESS_RECORD));
  const { role, ...said } = fieldsOf(RECORD, record);
  if (role !== CORE) refuse('out_of_range', 'a record of an edge');
  const { addresses } = said;
  const isSet = addresses.length > 0 && new Set(addresses).size === addresses.length;
  if (!isSet) refuse('out_of_range', 'no address, or one twice');
  verify(said.device, signature, bytes(tag('address'), record));
  return said;
}

/** DI-12: a list as text. */
export function parseList(given) {
  const data = bytesBehind(SCHEME, given.replace(SPACES, ''), limits.MAX_NODE_LIST);
  const [listed, signature] = tuple(bytesUpTo(Infinity), bin(64))(decode(data, limits.MAX_NODE_LIST));
  const said = fieldsOf(LIST, listed);
  if (said.nodes.some(({ net }) => net !== said.net)) refuse('out_of_range', 'a node of another network');
  verify(said.device, signature, bytes(tag('node-list'), listed));
  return { data, ...said };
}

export const listText = (data) => SCHEME + Buffer.from(data).toString('base64url');

function fieldsOf(fields, data) {
  const value = array(decode(data));
  if (value.length > 0) uint()(value[0]);
  if (value[0] !== VERSION) refuse('unsupported_version', 'of another version');
  const [, ...values] = tuple(uint(), ...Object.values(fields))(value);
  return Object.fromEntries(Object.keys(fields).map((name, i) => [name, values[i]]));
}
