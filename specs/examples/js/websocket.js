// The WebSocket of a dialler (RFC 6455), as little as HS-1 needs: whole binary messages and no extension.
// Node 20 has no client of its own; where there is one, it serves as well.
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { MAX_NOISE_MESSAGE } from './limits.js';
import { refuse } from './refusal.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [CONTINUATION, BINARY, CLOSE, PING, PONG] = [0x0, 0x2, 0x8, 0x9, 0xa];

/** Opens `url`, offering the subprotocols `offered`. `silence` is in seconds. */
export function openWebSocket(url, offered, silence) {
  const key = randomBytes(16).toString('base64');
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Protocol': offered.join(', '),
  };
  const target = new URL(url.replace(/^ws/, 'http'));
  const request = (target.protocol === 'https:' ? https : http).request(target, { headers, timeout: 1000 * silence });
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('nobody answers')));
    request.on('response', ({ statusCode }) => reject(new Error(`no WebSocket here: ${statusCode}`)));
    request.on('upgrade', (response, socket, head) => {
      const accepted = createHash('sha1').update(key + GUID).digest('base64');
      const answer = (name) => response.headers[`sec-websocket-${name}`];
      const isOurs = answer('accept') === accepted && !answer('extensions');
      if (isOurs) resolve(new WebSocket(socket, head, answer('protocol'), silence));
      else reject(new Error('not the WebSocket that was asked for'));
    });
    request.end();
  });
}

class WebSocket {
  constructor(socket, head, protocol, silence) {
    Object.assign(this, { socket, buffer: head, protocol });
    socket.setTimeout(1000 * silence, () => socket.destroy(new Error('the other side is silent')));
    socket.on('error', () => {}); // read() tells it
    this.chunks = socket[Symbol.asyncIterator]();
  }

  send(message) {
    this.#write(BINARY, message);
  }

  close() {
    this.#write(CLOSE, Buffer.alloc(0));
    this.socket.end();
  }

  /** Nothing more is said (HS-20). */
  abort() {
    this.socket.destroy();
  }

  /** The next binary message whole. */
  async read() {
    const parts = [];
    for (;;) {
      const { last, opcode, payload } = await this.#frame();
      if (opcode === PING) this.#write(PONG, payload);
      else if (opcode === CLOSE) throw new Error('the other side closed the connection');
      else if (opcode === (parts.length ? CONTINUATION : BINARY)) parts.push(payload);
      else if (opcode !== PONG) throw new Error('not a binary message');
      if (parts.length && last && opcode <= BINARY) return checkSize(Buffer.concat(parts));
    }
  }

  async #frame() {
    const [first, second] = await this.#take(2);
    if (second & 0x80) throw new Error('a masked frame from a listener');
    const length = await this.#length(second & 0x7f);
    checkSize({ length });
    return { last: (first & 0x80) !== 0, opcode: first & 0x0f, payload: await this.#take(length) };
  }

  async #length(short) {
    if (short < 126) return short;
    return Number(BigInt(`0x${(await this.#take(short === 126 ? 2 : 8)).toString('hex')}`));
  }

  async #take(length) {
    while (this.buffer.length < length) {
      const { value, done } = await this.chunks.next();
      if (done) throw new Error('the other side closed the connection');
      this.buffer = Buffer.concat([this.buffer, value]);
    }
    const taken = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return taken;
  }

  #write(opcode, payload) {
    const mask = randomBytes(4);
    const masked = payload.map((byte, i) => byte ^ mask[i & 3]);
    const long = Buffer.alloc(2);
    long.writeUInt16BE(payload.length);
    const length = payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, ...long];
    this.socket.write(Buffer.concat([Buffer.from([0x80 | opcode, ...length]), mask, masked]));
  }
}

const checkSize = (message) =>
  message.length <= MAX_NOISE_MESSAGE ? message : refuse('too_big', 'longer than any Noise message');
