// node stdio.js: one case a line in, {"file": "02-encoding/values", "case": {…}}; one result a line out.
import { createInterface } from 'node:readline';
import { judge } from './judges.js';

/** A fault of ours is no reason to stop, but never counts as a refusal. */
function answer(line) {
  try {
    const { file, case: given } = JSON.parse(line);
    return judge(file, given);
  } catch (error) {
    return { expect: 'defect', words: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() !== '') process.stdout.write(`${JSON.stringify(answer(line))}\n`);
}
