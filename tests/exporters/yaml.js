// Reads a YAML file strictly and prints it as JSON: node yaml.js FILE.
'use strict';

const { readFileSync } = require('node:fs');
const { parseDocument } = require('yaml');

const document = parseDocument(readFileSync(process.argv[2], 'utf8'), { strict: true, uniqueKeys: true });
const problems = [...document.errors, ...document.warnings];
if (problems.length > 0) {
  console.error(problems.map((problem) => problem.message).join('\n'));
  process.exit(1);
}
console.log(JSON.stringify(document.toJS()));
