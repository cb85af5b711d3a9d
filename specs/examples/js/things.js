// What can be pointed at (04-things.md): what a receiver refuses, and the form that a sender gives it.
import { fromBase58, hex, toBase58 } from './bytes.js';
import { fromDid, toDid } from './keys.js';
import { MAX_THING } from './limits.js';
import { forbid, refuse, Refusal } from './refusal.js';
import { text } from './shapes.js';

const FORM = /^[a-z][a-z0-9+.-]*:[^\u0000-\u0020\u007f-\u00a0]+$/u;
const WEB = /^https?:/;
const WEB_FORM = /^https?:[\u0021-\u007e]+$/;

/** TH-1 and TH-2, a check of shapes.js. */
export function thing(value) {
  text(MAX_THING)(value);
  if (!FORM.test(value)) refuse('out_of_range', 'not scheme:…');
  return !WEB.test(value) || WEB_FORM.test(value) ? value : refuse('out_of_range', 'a web address beyond ASCII');
}

const ROWS = { doi, arxiv, isbn, did, hedgerow, topic, http: address, https: address };

/** TH-4: the canonical form of what a person gave, or the refusal "local" with words for that person. */
export function canonicalThing(given) {
  const trimmed = trim(given);
  const colon = trimmed.indexOf(':');
  const row = ROWS[trimmed.slice(0, Math.max(colon, 0)).toLowerCase()];
  try {
    return thing(row ? row(trim(trimmed.slice(colon + 1)), trimmed) : trimmed);
  } catch (error) {
    if (error instanceof Refusal) forbid(`${trimmed}: ${error.message}`);
    throw error;
  }
}

const SPACE = String.raw`[\p{White_Space}\u001c-\u001f]`;
export const SPACES = new RegExp(`${SPACE}+`, 'gu');
const trim = (given) => given.replace(new RegExp(`^${SPACE}+|${SPACE}+$`, 'gu'), '');

/** Each % with two hexadecimal digits becomes that byte, and the result is read as UTF-8. */
function percentDecode(given, fatal) {
  const encoded = Buffer.from(given, 'utf8').toString('latin1');
  const decoded = encoded.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  return new TextDecoder('utf-8', { fatal, ignoreBOM: true }).decode(Buffer.from(decoded, 'latin1'));
}

// Web addresses

const TRACKING = new Set(
  `__s _hsenc _hsmi dclid fbclid gbraid gclid igshid mc_cid mc_eid mkt_tok msclkid oly_anon_id
   oly_enc_id ref_src ref_url s_cid twclid vero_id wbraid wickedid yclid`.split(/\s+/),
);

function address(_, given) {
  const canonical = canonicalAddress(given);
  return doiOfPage(canonical) ?? arxivOfPage(canonical) ?? canonical;
}

/** TH-5, rule list version 1. */
function canonicalAddress(given) {
  if (!URL.canParse(given)) refuse('out_of_range', 'no web address');
  const { href } = new URL(given);
  if (!WEB.test(href)) refuse('out_of_range', 'no web address');
  const [rest, fragment] = splitFirst(href, '#');
  const [place, query] = splitFirst(rest, '?');
  const kept = withoutTracking(query);
  const shown = fragment.startsWith('!') || fragment.startsWith('/') ? `#${fragment}` : '';
  return withoutUser(place) + (kept && `?${kept}`) + shown;
}

function splitFirst(given, mark) {
  const at = given.indexOf(mark);
  return at < 0 ? [given, ''] : [given.slice(0, at), given.slice(at + 1)];
}

const withoutUser = (place) => place.replace(/^([a-z]+:\/\/)[^/]*@/, '$1');
const withoutTracking = (query) => query.split('&').filter((pair) => !isTracking(pair)).join('&');

function isTracking(pair) {
  const name = splitFirst(pair, '=')[0].toLowerCase();
  return TRACKING.has(name) || name.startsWith('utm_');
}

// Identifiers

const DOI = /^10\.[0-9]{4,9}\/[^\p{White_Space}\u0000-\u0020\u007f-\u00a0]+$/u;
const DOI_PAGE = /^https?:\/\/(?:dx\.)?doi\.org\/([^?#]*)/;
const ARXIV = /^([0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?\/[0-9]{7})(?:v[0-9]+)?$/;
const ARXIV_PAGE = /^https?:\/\/(?:www\.)?arxiv\.org\/(?:abs|pdf)\/([^?#]*?)(?:\.pdf)?$/;

function doi(name) {
  if (!DOI.test(name)) refuse('out_of_range', 'no DOI');
  return `doi:${name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}`;
}

function doiOfPage(page) {
  try {
    return doi(percentDecode(DOI_PAGE.exec(page)[1], true));
  } catch {
    return null;
  }
}

function arxiv(number) {
  const [, canonical] = ARXIV.exec(number) ?? refuse('out_of_range', 'no number of arXiv');
  return `arxiv:${canonical}`;
}

function arxivOfPage(page) {
  const number = ARXIV_PAGE.exec(page)?.[1] ?? '';
  return ARXIV.test(number) ? arxiv(number) : null;
}

function isbn(given) {
  const digits = given.replace(/[- ]/g, '').toUpperCase();
  if (/^[0-9]{9}[0-9X]$/.test(digits) && isbn10Sum(digits) % 11 === 0) return isbn13(`978${digits.slice(0, 9)}`);
  const canonical = isbn13(digits.slice(0, 12));
  return /^97[89][0-9]{10}$/.test(digits) && canonical.endsWith(digits) ? canonical : refuse('out_of_range', 'no ISBN');
}

const isbn10Sum = (digits) =>
  [...digits].reduce((sum, digit, i) => sum + (10 - i) * (digit === 'X' ? 10 : Number(digit)), 0);

function isbn13(first) {
  const sum = [...first].reduce((total, digit, i) => total + Number(digit) * (i % 2 ? 3 : 1), 0);
  return `isbn:${first}${(10 - (sum % 10)) % 10}`;
}

function did(rest) {
  return toDid(fromDid(`did:${rest}`));
}

function hedgerow(rest) {
  const id = fromBase58(rest);
  return id.length === 32 ? `hedgerow:${toBase58(id)}` : refuse('out_of_range', 'no id of a message');
}

// Topics

function topic(words) {
  return topicThing(foldedWords(percentDecode(words, false)));
}

/** The folded form of words (TH-9), by which topics are compared. */
function foldedWords(words) {
  const folded = [...words.normalize('NFKC')].map(foldCase).join('').normalize('NFKC');
  return trim(folded).replace(SPACES, ' ');
}

/** JavaScript has no full case folding; this is what it comes to, for the letters that folding changes at all. */
function foldCase(letter) {
  if (!/\p{Changes_When_Casefolded}/u.test(letter)) return letter;
  const upper = letter.toLowerCase().toUpperCase();
  const lower = [...upper].map((each) => each.toLowerCase()).join('');
  return lower === letter ? upper : lower;
}

function topicThing(folded) {
  if (folded === '' || /[\u0000-\u001f\u007f-\u009f]/.test(folded)) refuse('out_of_range', 'no topic');
  const encoded = hex(Buffer.from(folded, 'utf8')).replace(/../g, (pair) => {
    const letter = String.fromCharCode(parseInt(pair, 16));
    return /[A-Za-z0-9\-._~]/.test(letter) ? letter : `%${pair.toUpperCase()}`;
  });
  return `topic:${encoded}`;
}
