// Secure Scuttlebutt: ssb-db2 with ssb-ebt. node ssb.js JOB FOLDER FILE COUNT ROWS
// FILE has a line of JSON for each message, {author, content}. One line of JSON comes out.
//   ingest  a node that holds ROWS messages takes in COUNT that another one made, in this process
//   full    an empty node replicates COUNT messages over a socket
//   idle    a node runs until it is ended
const fs = require('fs')
const net = require('net')
const path = require('path')
const { createInterface } = require('readline')

const theirs = (name) => require(require.resolve(name, { paths: [process.env.BENCH_MODULES] }))
const stack = theirs('secret-stack')
const caps = theirs('ssb-caps')
const ssbKeys = theirs('ssb-keys')

const [job, folder, file, count, rows] = process.argv.slice(2)
const COUNT = Number(count)
const ROWS = Number(rows)
const AT_ONCE = 20000

const seconds = () => Number(process.hrtime.bigint()) / 1e9
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6 }
const answered = (act) => new Promise((resolve, reject) => {
  act((error, value) => error ? reject(error) : resolve(value))
})
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

function freePort () {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function node (name) {
  const port = await freePort()
  const here = { transform: 'shs', host: '127.0.0.1', port, scope: 'device' }
  return stack({ caps })
    .use(theirs('ssb-db2'))
    .use(theirs('ssb-db2/compat/ebt'))
    .use(theirs('ssb-ebt'))
    .call(null, {
      path: path.join(folder, name),
      keys: ssbKeys.generate(),
      timers: { inactivity: -1 },
      host: '127.0.0.1',
      port,
      connections: { incoming: { net: [here] }, outgoing: { net: [{ transform: 'shs' }] } }
    })
}

async function * portions (total) {
  const lines = createInterface({ input: fs.createReadStream(file) })
  let portion = []
  let seen = 0
  for await (const line of lines) {
    portion.push(JSON.parse(line))
    seen += 1
    if (portion.length === AT_ONCE || seen === total) { yield portion; portion = [] }
    if (seen === total) return
  }
}

// The messages of a portion, made by another node and so already signed.
async function made (maker, authors, portion) {
  const messages = []
  for (const { author, content } of portion) {
    const keys = authors[author] || (authors[author] = ssbKeys.generate())
    messages.push(answered((done) => maker.db.create({ keys, content }, done)))
  }
  return Promise.all(messages)
}

const drained = (one) => answered((done) => one.db.onDrain('base', done))
const add = (taker, messages) => Promise.all(
  messages.map((message) => answered((done) => taker.db.add(message.value, done))))

async function ingest () {
  const maker = await node('maker')
  const taker = await node('taker')
  const authors = {}
  const timed = []
  let held = 0
  for await (const portion of portions(ROWS + COUNT)) {
    const messages = await made(maker, authors, portion)
    const before = messages.slice(0, Math.max(0, ROWS - held))
    await add(taker, before)
    timed.push(...messages.slice(before.length))
    held += before.length
  }
  await drained(maker)
  if (held) await drained(taker)
  await pause(300)
  const [began, used] = [seconds(), cpu()]
  for (let at = 0; at < timed.length; at += AT_ONCE) await add(taker, timed.slice(at, at + AT_ONCE))
  await drained(taker)
  return { rate: timed.length / (seconds() - began), cpu: cpu() - used }
}

async function full () {
  const maker = await node('maker')
  const authors = {}
  for await (const portion of portions(COUNT)) await made(maker, authors, portion)
  await drained(maker)
  const taker = await node('taker')
  await pause(300)
  for (const { id } of Object.values(authors)) {
    maker.ebt.request(id, true)
    taker.ebt.request(id, true)
  }
  let got = 0
  const all = new Promise((resolve) => taker.db.onMsgAdded(() => { if (++got === COUNT) resolve() }))
  const [began, used] = [seconds(), cpu()]
  await answered((done) => taker.connect(maker.getAddress('device'), done))
  await all
  await drained(taker)
  return { rate: COUNT / (seconds() - began), cpu: cpu() - used }
}

async function idle () {
  const one = await node('idle')
  await drained(one).catch(() => {})
  console.log(JSON.stringify({ ready: true }))
  await pause(3600000)
}

({ ingest, full, idle })[job]().then((result) => {
  console.log(JSON.stringify({ ...result, peak_mb: process.resourceUsage().maxRSS / 976.5625 }))
  process.exit(0)
}, (error) => { console.error(error); process.exit(1) })
