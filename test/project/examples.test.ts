import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readTree } from '../../src/cli/project/file-tree.js';
import { findIn } from '../../src/cli/project/find.js';
import { piecesOf } from '../../src/cli/project/plan-pieces.js';
import { root } from '../golden.js';

/** What is planned of each repository in examples/, which stand there as their owners would have them. */
const examples: Record<string, unknown> = {
  'numbered-yaml': {
    addons: [{ name: 'ingress', from: { file: 'README.md', line: 16 } }],
    releases: [{ kind: 'manifests', path: 'k8s', from: { file: 'README.md', line: 18 } }],
    images: [{ image: 'annalearns/greeter:1.0', context: 'app', from: { file: 'README.md', line: 8 } }],
    host: { name: 'arch.homework' },
    tests: [{ file: 'postman/greeter.postman_collection.json', from: { file: 'README.md' } }],
    guesses: [],
  },
  'prices-hpa': {
    addons: [{ name: 'metrics-server' }],
    releases: [{ kind: 'manifests', path: 'k8s' }],
    images: [{ image: 'prices:dev', context: 'app' }],
    host: undefined,
    load: [{ file: 'load/test.js' }, { file: 'load/testrun.yaml' }],
    guesses: [],
  },
};

t.test('an example is planned as its README says, and nothing is guessed', async (t) => {
  t.same(readdirSync(join(root, 'examples')).sort(), Object.keys(examples).sort(), 'every example is here');
  for (const [name, piece] of Object.entries(examples)) {
    const findings = findIn(readTree(join(root, 'examples', name)));
    t.same(findings.unreadable, [], name);
    const pieces = piecesOf(findings);
    t.equal(pieces.length, 1, name);
    t.match(pieces[0], piece as object, name);
  }
});
