// A client on the command line: fetch, join, publish. See README.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { equal, fromBase58, fromHex, hex, toBase58 } from './bytes.js';
import { decodeInvite, parseInvite, signAcceptance } from './invites.js';
import { fromDid, toDid } from './keys.js';
import { KINDS } from './kinds.js';
import { CONFIRM_AFTER } from './limits.js';
import { dial, now } from './link.js';
import { jsonOf } from './notation.js';
import { receive } from './receive.js';
import { Refusal, refuse } from './refusal.js';
import { Self, stranger } from './self.js';
import { heads } from './statements.js';
import { Store } from './store.js';
import { Sync } from './sync.js';
import { canonicalThing, thing } from './things.js';

const USAGE = `node client.js fetch ws://HOST:PORT/peer --author DID… [--kind NAME…] [--since TS] [--until TS]
                     [--keep FILE]
node client.js join INVITE --identity FILE [--name NAME]
node client.js publish ws://HOST:PORT/peer --identity FILE --kind NAME FIELD=VALUE…
each with [--net N], 1 if it is not said, and [--device HEX], the device that must answer`;

const OPTIONS = {
  author: { type: 'string', multiple: true, default: [] },
  kind: { type: 'string', multiple: true, default: [] },
  since: { type: 'string' },
  until: { type: 'string' },
  keep: { type: 'string' },
  identity: { type: 'string' },
  name: { type: 'string', default: '' },
  net: { type: 'string', default: '1' },
  device: { type: 'string' },
};
const FOLLOW = 3;
const [DONE, FORWARDED] = [0, 1];
const MAX_WAITS = 10;

const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const tell = (words) => process.stderr.write(`${words}\n`);

function fail(words) {
  tell(words);
  process.exitCode = 1;
}

// What people see

function shown({ id, header: { author, device, kind, ts }, said }) {
  const about = { id: `hedgerow:${toBase58(id)}`, author: toDid(author), kind: KINDS[kind]?.name ?? kind, ts };
  if (kind === 0) return { ...about, kind: 'identity', ...jsonOf(said) };
  if (said === null) return { ...about, erased: true };
  const names = Object.keys(KINDS[kind]?.fields ?? { content: null });
  const content = KINDS[kind] ? said.content : [said.content];
  const fields = Object.fromEntries(names.map((name, i) => [name, content[i]]));
  return { ...about, device: hex(device), topics: said.topics, ...jsonOf(fields) };
}

function numberOf(name) {
  const [number] = Object.entries(KINDS).find(([, kind]) => kind.name === name) ?? [name];
  return Number.isInteger(Number(number)) ? Number(number) : refuse('local', `no kind: ${name}`);
}

/** A link to `url` on which the other side can ask for what the store holds of `authors`. */
function connect(url, self, { store, authors, device }) {
  const carries = (author) => authors.some((each) => equal(each, author));
  return dial(url, self, { store, carries, expectedDevice: device ? fromHex(device) : null });
}

/** Runs `steps` and ends the link, with the reason where the other side broke a rule (FR-6). */
async function onLink(link, steps) {
  try {
    await steps();
    link.end();
  } catch (error) {
    const isTheirs = error instanceof Refusal && !['local', 'bad_handshake'].includes(error.reason);
    link.end(isTheirs ? error.reason : null);
    throw error;
  }
}

// fetch

async function fetch([url], { author, kind, since, until, keep, net, device }) {
  const authors = author.map(fromDid);
  const kinds = kind.length > 0 ? kind.map(numberOf).sort((a, b) => a - b) : null;
  const filter = { authors, kinds, since, until };
  const store = new Store();
  kept(keep, net).forEach((message) => store.add(message));
  const link = await connect(url, stranger(net), { store, authors, device });
  await onLink(link, async () => {
    const sub = await link.subscribe(filter);
    tellMissing(authors, link.scopes.get(sub).authors);
    const take = (message) => print(shown(message));
    const drop = (reason) => tell(`left out: ${reason}`);
    const isEqual = await new Sync({ link, store, net, sub, take, drop }).run();
    if (!isEqual) fail('not everything was fetched');
  });
  if (keep) writeFileSync(keep, [...store.messages.values()].map(asLine).join(''));
}

const asLine = ({ data }) => `${data.toString('base64')}\n`;

function kept(path, net) {
  if (!path || !existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => receive(Buffer.from(line, 'base64'), net));
}

function tellMissing(authors, carried) {
  const missing = authors.filter((author) => !carried.some((each) => equal(each, author)));
  missing.forEach((author) => tell(`not carried there: ${toDid(author)}`));
}

// join

async function join([text], { identity, name, net }) {
  const invite = parseInvite(text);
  const { id, fields, device } = decodeInvite(invite);
  if (fields.net !== net) refuse('wrong_net', 'an invite to another network');
  const [[address, meeting]] = fields.meet;
  const self = Self.open(identity, net, now());
  const authors = [fields.inviter, self.author];
  const link = await connect(address, self, { store: self.store, authors, device: hex(meeting) });
  await onLink(link, async () => {
    await checkInviter(link, self, fields.inviter, device);
    const terms = { invite: id, author: self.author, device: self.device, name, ts: now() };
    const acceptance = signAcceptance(terms, self.deviceSeed, self.inception.data);
    const req = link.ask({ name: 'Accept', invite, acceptance });
    const { verdict } = await link.answer(req, 'Accepted');
    print({ joined: toDid(fields.inviter), verdict, author: toDid(self.author) });
    if (verdict !== DONE && verdict !== FORWARDED) throw new Error(`the invite was not accepted: ${verdict}`);
    say(self, FOLLOW, [toDid(fields.inviter), '']);
    await deliver(link, self);
  });
}

/** FR-16: before anyone is followed, the inviter's log must let the device speak that signed the invite. */
async function checkInviter(link, { store, net }, inviter, device) {
  const sub = await link.subscribe({ authors: [inviter], kinds: [] });
  await new Sync({ link, store, net, sub }).run();
  if (!store.logs.allows(inviter, device)) refuse('bad_key', 'not the inviter\'s device');
}

// publish

async function publish([url, ...pairs], { identity, kind, net, device }) {
  const self = Self.open(identity, net, now());
  const number = numberOf(kind[0]);
  const content = contentOf(number, pairs);
  const link = await connect(url, self, { store: self.store, authors: [self.author], device });
  await onLink(link, async () => {
    await deliver(link, self);
    print(shown(say(self, number, content)));
    await deliver(link, self);
  });
}

/** Both sides get what the other has of ours: a chain is known whole before it goes on (ME-12). */
async function deliver(link, self) {
  const sub = await carriedSubscription(link, self.author);
  const isEqual = await new Sync({ link, store: self.store, net: self.net, sub, take: () => self.save() }).run();
  if (!isEqual) throw new Error('not everything arrived; it is kept and offered the next time');
}

/** Who has just accepted us may need a moment to carry us. */
async function carriedSubscription(link, author) {
  for (let i = 0; i < MAX_WAITS; i += 1) {
    const sub = await link.subscribe({ authors: [author] });
    if (link.scopes.get(sub).authors.length > 0) return sub;
    link.send({ name: 'Unsub', req: sub });
    await sleep(1000 * CONFIRM_AFTER);
  }
  throw new Error('our author is not carried there; join by an invite first');
}

function say(self, kind, content) {
  const replaced = KINDS[kind].slot ? heads(self.store, self.author, kind, KINDS[kind].slot(content)) : [];
  return self.say(kind, content, { ts: now(), replaced });
}

const EMPTY = ['', 0, false, [], null];
const READINGS = [
  (text) => ({ true: true, false: false })[text],
  (text) => (/^[0-9]+$/.test(text) ? Number(text) : undefined),
  (text) => text,
  (text) => text.split(','),
  (text) => text.split(',').map((id) => fromBase58(id.replace(/^hedgerow:/, ''))),
];

/** FIELD=VALUE in the order of the kind. The check of a field says how its value is meant, and what is empty. */
function contentOf(kind, pairs) {
  const given = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  return Object.entries(KINDS[kind].fields).map(([name, check]) => {
    if (!given.has(name)) return EMPTY.find((value) => holds(check, () => value)) ?? null;
    const text = given.get(name);
    const read = READINGS.find((reading) => holds(check, () => reading(text)));
    return check === thing ? canonicalThing(text) : (read?.(text) ?? text);
  });
}

function holds(check, make) {
  try {
    check(make());
    return true;
  } catch {
    return false;
  }
}

const COMMANDS = {
  fetch: [fetch, ({ author }, [url]) => author.length > 0 && url],
  join: [join, ({ identity }, [invite]) => identity && invite],
  publish: [publish, ({ identity, kind }, [url]) => identity && kind.length === 1 && url],
};

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [name, ...rest] = positionals;
  const numbers = ['net', 'since', 'until'].map((each) => [each, values[each] && Number(values[each])]);
  const [command, isWhole] = COMMANDS[name] ?? [];
  if (!command || !isWhole(values, rest)) throw new Error(USAGE);
  await command(rest, { ...values, ...Object.fromEntries(numbers) });
}

try {
  await main();
} catch (error) {
  fail(error instanceof Refusal ? `${error.reason}: ${error.message}` : error.message);
}
