// A link that we dialled: an encrypted channel on which questions are asked and those of the other side answered.
import { randomBytes } from 'node:crypto';
import { Answers } from './answers.js';
import { FrameReader, sealFrame } from './channel.js';
import * as frames from './frames.js';
import { encodeHello, Initiator, makeCertificate, SUBPROTOCOL } from './handshake.js';
import * as limits from './limits.js';
import { x25519PublicKey } from './noise.js';
import { refuse } from './refusal.js';
import { openWebSocket } from './websocket.js';

const AGENT = 'hedgerow-example-js/1';
const EDGE = 0;
const OFFERED = [SUBPROTOCOL];

export const now = () => Math.floor(Date.now() / 1000);

/** `self` is {net, author, device, deviceSeed}; `expectedDevice` may be null. */
export async function dial(url, self, { store, carries, expectedDevice = null }) {
  const socket = await openWebSocket(url, OFFERED, limits.PROGRESS_TIMEOUT);
  try {
    const side = new Initiator(ownSide(self, socket.protocol, expectedDevice));
    socket.send(side.first());
    socket.send(side.answer(await socket.read()));
    return new Link(socket, side.established(), new Answers({ store, carries, parity: 0 }));
  } catch (error) {
    socket.abort();
    throw error;
  }
}

/** Keys and certificate are made for this one link, so a static key is never kept (HS-4, HS-12). */
function ownSide({ net, author, device, deviceSeed }, chosen, expectedDevice) {
  const [own, ephemeral] = [randomBytes(32), randomBytes(32)];
  const notAfter = now() + limits.SECONDS_PER_DAY;
  const hello = encodeHello({
    device,
    author,
    certificate: makeCertificate(deviceSeed, net, author, x25519PublicKey(own), notAfter),
    not_after: notAfter,
    min_v: limits.LINK_VERSION,
    max_v: limits.LINK_VERSION,
    features: Buffer.alloc(limits.FEATURES),
    role: EDGE,
    agent: AGENT,
    clock: now(),
  });
  return { net, offered: OFFERED, chosen, static: own, ephemeral, hello, now: now(), expectedDevice };
}

class Link {
  constructor(socket, { peer, sending, receiving }, answers) {
    Object.assign(this, { socket, peer, sending, answers, scopes: new Map() });
    this.reader = new FrameReader(receiving);
    this.lastNumber = -1;
  }

  send(frame) {
    for (const message of sealFrame(this.sending, frames.encodeFrame(frame))) this.socket.send(message);
  }

  /** Sends a question under the next number of our own, 1, 3, 5 … (FR-3), and gives that number. */
  ask(question) {
    this.lastNumber += 2;
    this.send({ ...question, req: this.lastNumber });
    return this.lastNumber;
  }

  /** The next frame of `names` to `req`. Everything else that comes meanwhile is answered. */
  async answer(req, ...names) {
    for (;;) {
      const frame = await this.#read();
      if (frame?.name === 'Scope') this.#noteScope(frame);
      if (frame?.name === 'Since') this.#noteSince(frame);
      if (frame?.req === req && names.includes(frame.name)) return frame;
      if (frame?.name === 'Err') throw new Error(`the other side ended the link: ${frame.text || frame.code}`);
      if (!['Scope', 'Since', 'Changed'].includes(frame?.name)) this.answers.answer(frame).forEach((each) => this.send(each));
    }
  }

  async #read() {
    for (;;) {
      const frame = this.reader.read(await this.socket.read());
      if (frame) return frames.decodeFrame(frame);
    }
  }

  /** SY-4: asks what of a filter the other side carries. The scope may change as long as the link is open. */
  async subscribe(filter) {
    const data = frames.encodeFilter(filter);
    const sub = this.ask({ name: 'Sub', filter: data, mode: frames.OFF });
    this.scopes.set(sub, { sub, filter: frames.decodeFilter(data), version: 0 });
    await this.answer(sub, 'Scope');
    return sub;
  }

  #noteScope({ req, version, carried }) {
    const scope = this.scopes.get(req) ?? refuse('unexpected_frame', 'a scope of nothing');
    const filter = { ...scope.filter, kept: [scope.said ?? new Map()] };
    Object.assign(scope, { version, filter, authors: frames.narrowed(filter, carried), said: null });
  }

  /** SY-27: it holds for the scope that follows. We keep everything and say nothing. */
  #noteSince({ req, steps }) {
    const scope = this.scopes.get(req);
    if (scope) scope.said = frames.sinceOf(scope.filter, steps);
  }

  /** FR-6: the reason of a broken rule is told, then nothing more. */
  end(reason = null) {
    if (reason) this.send({ name: 'Err', req: 0, code: 0, text: reason, retryAfter: 0 });
    this.socket.close();
  }
}
