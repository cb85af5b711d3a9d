// node stdio.js: one case a line in, {"file": "02-encoding/values", "case": {…}}; one result a line out.
import { createInterface } from 'node:readline';
import { judge } from './judges.js';

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue;
  const { file, case: given } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(judge(file, given))}\n`);
}
