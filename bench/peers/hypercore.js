// Hypercore: one log with one signature a batch. node hypercore.js JOB FOLDER COUNT ROWS. One line of JSON comes out.
//   ingest  COUNT blocks of 400 bytes are appended in batches of 100 to a log of ROWS
//   full    an empty log replicates COUNT blocks over a socket
//   idle    a log is open until the process is ended
const net = require('net')
const path = require('path')

const theirs = (name) => require(require.resolve(name, { paths: [process.env.BENCH_MODULES] }))
const Hypercore = theirs('hypercore')

const [job, folder, count, rows] = process.argv.slice(2)
const COUNT = Number(count)
const ROWS = Number(rows)
const BATCH = 100
const BYTES = 400

const seconds = () => Number(process.hrtime.bigint()) / 1e9
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6 }

function block (number) {
  const data = Buffer.alloc(BYTES, 'a')
  data.writeUInt32LE(number)
  return data
}

async function opened (name, key) {
  const core = new Hypercore(path.join(folder, name), key)
  await core.ready()
  return core
}

async function append (core, from, to) {
  for (let at = from; at < to; at += BATCH) {
    const length = Math.min(BATCH, to - at)
    await core.append(Array.from({ length }, (_, place) => block(at + place)))
  }
}

async function ingest () {
  const core = await opened('log')
  await append(core, 0, ROWS)
  const [began, used] = [seconds(), cpu()]
  await append(core, ROWS, ROWS + COUNT)
  return { rate: COUNT / (seconds() - began), cpu: cpu() - used }
}

async function full () {
  const holder = await opened('holder')
  await append(holder, 0, COUNT)
  const taker = await opened('taker', holder.key)
  const server = net.createServer((socket) => join(socket, holder.replicate(false, { live: true })))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const [began, used] = [seconds(), cpu()]
  join(net.connect(server.address().port, '127.0.0.1'), taker.replicate(true, { live: true }))
  while (taker.length < COUNT) {
    await taker.update({ wait: true })
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await taker.download({ start: 0, end: COUNT }).done()
  return { rate: COUNT / (seconds() - began), cpu: cpu() - used }
}

function join (socket, replication) {
  socket.setNoDelay(true)
  for (const one of [socket, replication]) one.on('error', () => {})
  socket.pipe(replication).pipe(socket)
}

async function idle () {
  await opened('log')
  console.log(JSON.stringify({ ready: true }))
  await new Promise((resolve) => setTimeout(resolve, 3600000))
}

({ ingest, full, idle })[job]().then((result) => {
  console.log(JSON.stringify({ ...result, peak_mb: process.resourceUsage().maxRSS / 976.5625 }))
  process.exit(0)
}, (error) => { console.error(error); process.exit(1) })
