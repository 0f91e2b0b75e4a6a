// Installs the load generators that bench/ compares hwctl with, and the programs that tests hand charts and manifests to, at
// pinned versions, into one folder outside the repository. What is there already is left alone.
// `node scripts/bench-peers.mjs [NAME...]`; without a name, the load generators.
// wrk, ab and nginx come from the system (apt-get install wrk apache2-utils nginx), autocannon from npm ci.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { $, fs, which } from 'zx';

const { HWCTL_BENCH_CACHE, XDG_CACHE_HOME } = process.env;
const folder = HWCTL_BENCH_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'hwctl-bench');
const bin = join(folder, 'bin');
const quiet = $({ stdio: ['ignore', 'inherit', 'inherit'] });

const fromGo = (module) => ({
  needs: 'go',
  install: (version) => quiet({ env: { ...process.env, GOBIN: bin } })`go install ${module}@${version}`,
});

const peers = {
  hey: { version: 'v0.1.5', ...fromGo('github.com/rakyll/hey') },
  oha: {
    version: '1.16.0',
    needs: 'cargo',
    async install(version) {
      const target = join(folder, 'oha-target');
      const env = { ...process.env, CARGO_TARGET_DIR: target };
      await quiet({ env })`cargo install oha --version ${version} --locked --root ${folder} --quiet --force`;
      await fs.remove(target);
    },
  },
  vegeta: { version: 'v12.13.0', ...fromGo('github.com/tsenart/vegeta/v12') },
  locust: {
    version: '2.47.0',
    needs: 'python3',
    async install(version) {
      const venv = join(folder, 'locust-venv');
      await quiet`python3 -m venv ${venv}`;
      await quiet`${venv}/bin/pip install --quiet locust==${version}`;
      await quiet`ln -sf ../locust-venv/bin/locust ${bin}/locust`;
    },
  },
  helm: { version: 'v3.22.0', ...fromGo('helm.sh/helm/v3/cmd/helm') },
  helm4: {
    version: 'v4.3.1',
    needs: 'go',
    async install(version) {
      // Both are called helm.
      const own = join(folder, 'helm4-bin');
      await quiet({ env: { ...process.env, GOBIN: own } })`go install helm.sh/helm/v4/cmd/helm@${version}`;
      renameSync(join(own, 'helm'), join(bin, 'helm4'));
    },
  },
  'kube-score': { version: 'v1.20.0', ...fromGo('github.com/zegl/kube-score/cmd/kube-score') },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(peers, name));
if (unknown.length > 0) {
  process.stderr.write(`no such peer: ${unknown.join(', ')}. There are ${Object.keys(peers).join(', ')}\n`);
  process.exit(2);
}
await fs.ensureDir(bin);
for (const name of asked.length > 0 ? asked : ['hey', 'oha', 'vegeta', 'locust']) {
  const { version, needs, install } = peers[name];
  const program = join(bin, name);
  const note = join(folder, `${name}.version`);
  const isThere = existsSync(program) && existsSync(note) && readFileSync(note, 'utf8').trim() === version;
  if (!isThere && (await which(needs, { nothrow: true })) === null) {
    process.stderr.write(`${name}: skipped, ${needs} is not installed\n`);
    continue;
  }
  if (!isThere) {
    await install(version);
    writeFileSync(note, `${version}\n`);
  }
  process.stdout.write(`${name}: ${program} ${version}\n`);
}
