// node vectors.js [folder]: puts every vector to this implementation and prints what it decides otherwise.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge } from './judges.js';
import { inputsOf, isSame } from './notation.js';

const META = ['name', 'rule', 'expect'];
const folder = process.argv[2] ?? fileURLToPath(new URL('../../vectors', import.meta.url));

/** What is wrong with a case, or null. Every key that is not an input is a result. */
function fault(file, inputs, given) {
  const result = judged(file, inputsOf(given, inputs));
  if (result.expect !== given.expect) return `${result.expect} instead of ${given.expect}`;
  const results = Object.keys(given).filter((key) => !META.includes(key) && !inputs.includes(key));
  const wrong = results.find((key) => !isSame(result[key], given[key]));
  return wrong ? `another ${wrong}` : null;
}

function judged(file, given) {
  try {
    return judge(file, given);
  } catch (error) {
    return { expect: `a defect (${error.stack})` };
  }
}

const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.json')).sort();
let count = 0;
let failed = 0;
for (const name of files) {
  const file = name.replace(/\.json$/, '');
  const { inputs, cases } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  for (const given of cases) {
    const found = fault(file, inputs, given);
    count += 1;
    if (found) console.log(`${file}  ${given.rule}  ${given.name}: ${found}`);
    if (found) failed += 1;
  }
}
console.log(`${files.length} files, ${count} cases, ${failed} failed`);
process.exitCode = failed === 0 && count > 0 ? 0 : 1;
