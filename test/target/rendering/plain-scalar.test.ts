import t from 'tap';
import { plainScalar } from '../../../src/cli/target/rendering/plain-scalar.js';

/** What sigs.k8s.io/yaml v1.6.0 (kubectl 1.34, helm 3.22 and 4.3) makes of each; null for what has no JSON. */
const asKubernetes: Record<string, unknown> = {
  yes: true,
  On: true,
  y: true,
  Y: true,
  TRUE: true,
  No: false,
  off: false,
  n: false,
  yEs: 'yEs',
  truE: 'truE',
  '0644': 420,
  '0o644': 420,
  '-0644': -420,
  '08': 8,
  '0x1F': 31,
  '0b101': 5,
  '1_000': 1000,
  '1_0.5': 10.5,
  '.7_7': 0.77,
  '+1': 1,
  '1:30': '1:30',
  '190:20:30': '190:20:30',
  '2020-01-01': '2020-01-01',
  '1e3': 1000,
  '1e': '1e',
  '0.1e-3': 0.0001,
  '.5': 0.5,
  '1.': 1,
  '1.50': 1.5,
  '1.2.3': '1.2.3',
  '1e400': '1e400',
  '100m': '100m',
  '1Gi': '1Gi',
  '=': '=',
  '-': '-',
  '.': '.',
  '18446744073709551616': 18446744073709552000,
};

t.test('an unquoted scalar means what it means to kubectl and helm', async (t) => {
  for (const [text, wanted] of Object.entries(asKubernetes)) {
    const got = plainScalar(text);
    t.equal(got !== null && typeof got === 'object' ? got.value : got, wanted, text);
  }
  for (const text of ['', '~', 'null', 'Null', 'NULL']) t.equal(plainScalar(text), null, text);
  for (const text of ['.inf', '-.Inf', '+.INF', '.nan', '.NaN']) t.equal(plainScalar(text), undefined, text);
});

t.test('a number that JSON does not hold exactly says so', async (t) => {
  for (const text of ['9007199254740993', '9223372036854775807', '0x7fffffffffffffff', '-9223372036854775807'])
    t.match(plainScalar(text), { isExact: false }, text);
  for (const text of ['9007199254740992', '-9223372036854775808', '1e30', '0.1'])
    t.match(plainScalar(text), { isExact: true }, text);
});
