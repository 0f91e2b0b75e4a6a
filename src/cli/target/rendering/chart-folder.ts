import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { isMapping } from './foreign-config.js';

/** A chart that another needs, as Chart.yaml (or requirements.yaml of helm 2) says it; the version is that of the lock. */
export interface Dependency {
  name: string;
  version: string;
  /** URL, `oci://`, `file://`, `@name`, or empty: it must be in charts/. */
  repository: string;
}

/** What a chart's folder says of itself. */
export interface ChartFolder {
  name: string;
  dependencies: Dependency[];
}

/** Reads Chart.yaml and its lock; undefined where that is no chart, which helm tells better. */
export function readChartFolder(folder: string): ChartFolder | undefined {
  const chart = mappingIn(join(folder, 'Chart.yaml'));
  if (chart === undefined) return undefined;
  const asked = dependenciesIn(chart.dependencies ?? mappingIn(join(folder, 'requirements.yaml'))?.dependencies);
  const lock = mappingIn(join(folder, 'Chart.lock')) ?? mappingIn(join(folder, 'requirements.lock'));
  const locked = dependenciesIn(lock?.dependencies);
  return {
    name: typeof chart.name === 'string' ? chart.name : '',
    // One chart twice, under two aliases: the lock has them in the same order.
    dependencies: asked.map((dependency, index) => {
      const same = locked[index]?.name === dependency.name ? locked[index] : undefined;
      return { ...dependency, version: same?.version || dependency.version };
    }),
  };
}

/** The dependencies that charts/ does not hold, as a folder or as an archive. */
export function missingDependencies(folder: string, { dependencies }: ChartFolder): Dependency[] {
  const entries = existsSync(join(folder, 'charts')) ? readdirSync(join(folder, 'charts')) : [];
  const folders = entries.map((entry) => mappingIn(join(folder, 'charts', entry, 'Chart.yaml'))?.name);
  return dependencies.filter(
    ({ name }) => !folders.includes(name) && !entries.some((entry) => isArchiveOf(name, entry)),
  );
}

/** `postgresql-10.1.2.tgz` is one of postgresql, `postgresql-ha-1.0.0.tgz` is not. */
function isArchiveOf(name: string, entry: string): boolean {
  return entry.startsWith(name) && /^(?:-v?\d.*)?\.tgz$/.test(entry.slice(name.length));
}

function dependenciesIn(list: unknown): Dependency[] {
  if (!Array.isArray(list)) return [];
  const text = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
  return list.filter(isMapping).map((each) => ({
    name: text(each.name),
    version: text(each.version),
    repository: text(each.repository),
  }));
}

function mappingIn(file: string): Record<string, unknown> | undefined {
  try {
    if (statSync(file).size > mostBytes) return undefined;
    const value: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'silent' });
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const mostBytes = 1024 * 1024;
const mostFiles = 2_000;
const mostArchiveBytes = 64 * 1024 * 1024;

/** What the templates of a chart, and of those within it, may do that helm's answer does not show. */
export interface ChartUses {
  /** They ask the cluster (`lookup`). */
  lookup: boolean;
  /** They make another value each time: passwords, certificates, the time. */
  chance: boolean;
}

/** What a chart uses, as far as its words tell; archives are looked into. */
export function chartUses(chart: string): ChartUses {
  const uses: ChartUses = { lookup: false, chance: false };
  let files = 0;
  const inFile = (path: string): void => {
    if (++files > mostFiles) throw new Error('too many files');
    if (/\.tgz$/.test(path)) note(gunzipSync(readFileSync(path), { maxOutputLength: mostArchiveBytes }), uses);
    else if (/\.(?:ya?ml|tpl|txt)$/.test(path) && statSync(path).size <= mostBytes) note(readFileSync(path), uses);
  };
  const inFolder = (path: string): void => {
    for (const entry of existsSync(path) ? readdirSync(path) : []) {
      const child = join(path, entry);
      if (statSync(child).isDirectory()) inFolder(child);
      else inFile(child);
    }
  };
  try {
    if (!statSync(chart).isDirectory()) inFile(chart);
    else for (const part of ['templates', 'charts']) inFolder(join(chart, part));
    return uses;
  } catch {
    // What cannot be read is helm's to tell; asking costs little.
    return { lookup: true, chance: true };
  }
}

const chance =
  /\b(?:rand(?:Alpha|AlphaNum|Ascii|Numeric|Bytes|Int)|shuffle|gen(?:PrivateKey|CA|CAWithKey|SelfSignedCert|SelfSignedCertWithKey|SignedCert|SignedCertWithKey)|uuidv4|htpasswd|bcrypt|encryptAES)\b|\bnow\s*(?:\||\)|-?\}\})/;

function note(content: Buffer, uses: ChartUses): void {
  const text = content.toString('latin1');
  uses.lookup ||= /\blookup\s+["$.(]/.test(text);
  uses.chance ||= chance.test(text);
}
