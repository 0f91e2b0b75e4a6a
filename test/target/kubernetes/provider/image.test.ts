import t from 'tap';
import { digestIn } from '../../../../src/cli/target/kubernetes/provider/image.js';

t.test('the digest of a pushed image, as docker manifest inspect --verbose tells it', async (t) => {
  const digest = `sha256:${'0f'.repeat(32)}`;
  const manifest = { Ref: 'localhost:5000/hwctl-server:1', Descriptor: { digest, size: 1 }, SchemaV2Manifest: {} };
  const cases: [string, string, string | undefined][] = [
    ['one manifest', JSON.stringify(manifest), digest],
    ['an index: its own digest is not told', JSON.stringify([manifest, manifest]), undefined],
    ['podman: no descriptor', JSON.stringify({ schemaVersion: 2, config: { digest } }), undefined],
    ['not a digest', JSON.stringify({ Descriptor: { digest: 'sha256:1; rm' } }), undefined],
    ['no JSON', 'no such manifest', undefined],
    ['nothing', '', undefined],
    ['null', 'null', undefined],
  ];
  for (const [name, text, expected] of cases) t.equal(digestIn(text), expected, name);
});
