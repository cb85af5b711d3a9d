// How the vectors of 06-handshake are put to this implementation.
import { fromHex, hex, sha256 } from './bytes.js';
import { FrameReader, sealFrame } from './channel.js';
import { Initiator, Responder } from './handshake.js';
import { CipherState, NoiseXX } from './noise.js';
import { bytesOf } from './notation.js';
import { Refusal } from './refusal.js';

const NOTHING = Buffer.alloc(0);

/** Runs `steps`, which fills `results` as it goes; a refusal keeps what there was until then. */
function withResults(results, steps) {
  try {
    return { ...results, ...steps() };
  } catch (error) {
    if (error instanceof Refusal) error.results = results;
    throw error;
  }
}

// Noise

const noiseSide = (given, isInitiator) =>
  new NoiseXX({
    isInitiator,
    prologue: bytesOf(given.prologue),
    static: bytesOf(isInitiator ? given.init_static : given.resp_static),
    ephemeral: bytesOf(isInitiator ? given.init_ephemeral : given.resp_ephemeral),
  });

export const judgeNoise = (given) => (given.incoming ? refusedNoise(given) : wholeNoise(given));

function refusedNoise({ incoming, side, ...given }) {
  const noise = noiseSide(given, side === 'initiator');
  if (noise.isInitiator) noise.write(NOTHING);
  for (const message of incoming.map(bytesOf)) {
    noise.read(message);
    if (noise.turn < 3) noise.write(NOTHING);
  }
  return {};
}

function wholeNoise(given) {
  const sides = [noiseSide(given, true), noiseSide(given, false)];
  const payloads = given.payloads.map(bytesOf);
  const inTurn = (i, how) => {
    const [writer, reader] = i % 2 === 0 ? sides : [...sides].reverse();
    return passOn(payloads[i], writer, reader, how);
  };
  const messages = [0, 1, 2].map((i) => inTurn(i, 'handshake'));
  for (const side of sides) side.ciphers = side.split();
  for (let i = 3; i < payloads.length; i += 1) {
    if (i === given.rekey_before) sides.forEach(rekey);
    messages.push(inTurn(i, 'channel'));
  }
  return { messages: messages.map(hex), handshake_hash: hex(sides[0].h) };
}

function passOn(payload, writer, reader, how) {
  const isHandshake = how === 'handshake';
  const message = isHandshake ? writer.write(payload) : writer.ciphers.sending.seal(payload);
  const opened = isHandshake ? reader.read(message) : reader.ciphers.receiving.open(message);
  if (!opened.equals(payload)) throw new Error('what was sealed is not what was opened');
  return message;
}

function rekey({ ciphers: { sending, receiving } }) {
  sending.rekey();
  receiving.rekey();
}

// Handshake

export function judgeHandshake(given) {
  const outgoing = [];
  const say = (message) => outgoing.push(hex(message));
  return withResults({ outgoing }, () => {
    const own = {
      ...given,
      static: bytesOf(given.static),
      ephemeral: bytesOf(given.ephemeral),
      hello: bytesOf(given.hello),
      expectedDevice: given.expected_device && bytesOf(given.expected_device),
    };
    const side = given.side === 'initiator' ? new Initiator(own) : new Responder(own);
    shakeHands(side, incomingOf(given), say);
    return { ...linkResults(side.established()), ...framesEachWay(side.established(), given) };
  });
}

function incomingOf({ incoming, pad_last_incoming_to: length }) {
  const messages = incoming.map(bytesOf);
  const last = messages.pop();
  if (last === undefined) return [];
  return [...messages, Buffer.concat([last, Buffer.alloc(Math.max(0, length - last.length))])];
}

function shakeHands(side, incoming, say) {
  if (side instanceof Initiator) {
    say(side.first());
    say(side.answer(incoming[0]));
  } else {
    say(side.answer(incoming[0]));
    side.finish(incoming[1]);
  }
}

function linkResults({ peer, version, features, handshakeHash }) {
  const shown = Object.entries(peer).map(([name, each]) => [name, each instanceof Uint8Array ? hex(each) : each]);
  return { peer: Object.fromEntries(shown), version, features: hex(features), handshake_hash: hex(handshakeHash) };
}

function framesEachWay({ sending, receiving }, { sent, received }) {
  if (!sent) return {};
  const [message] = sealFrame(sending, bytesOf(sent.frame));
  const frame = new FrameReader(receiving).read(bytesOf(received.message));
  return {
    sent: { frame: sent.frame, message: hex(message) },
    received: { frame: hex(frame), message: received.message },
  };
}

// Channel

/** Longer messages are given by their hash. */
const MAX_SHOWN = 64;
const shown = (message) => (message.length > MAX_SHOWN ? `sha256:${hex(sha256(message))}` : hex(message));

export function judgeChannel({ key, skip, plaintexts }) {
  const [sending, receiving] = [new CipherState(bytesOf(key)), new CipherState(bytesOf(key))];
  const reader = new FrameReader(receiving);
  for (let i = 0; i < skip; i += 1) sealFrame(sending, fromHex('00')).forEach((message) => reader.read(message));
  const sealed = plaintexts.map((plaintext) => sending.seal(plaintextOf(plaintext)));
  const frames = [];
  return withResults({ messages: sealed.map(shown), frames }, () => {
    for (const message of sealed) {
      const frame = reader.read(message);
      if (frame) frames.push([frame[0], frame.length]);
    }
    return {};
  });
}

const plaintextOf = ([first, fill, length]) =>
  Buffer.concat([first < 0 ? NOTHING : Buffer.from([first]), Buffer.alloc(length, fill)]);
