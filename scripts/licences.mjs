// The licence texts of what a bundle holds: MIT, BSD, ISC and Apache-2.0 all ask that their notice goes with every copy.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const notices = /^(licen[cs]e|copying|notice|copyright)/i;

/** Folders of the packages that esbuild's `metafile` names as inputs, sorted, each once. */
function packagesIn(metafile) {
  const folders = Object.keys(metafile.inputs).flatMap((input) => {
    const match = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input.replace(/^[a-z]+:/, ''));
    return match === null ? [] : [match[0]];
  });
  return [...new Set(folders)].sort();
}

/** Name, version, licence and licence texts of a package. Throws Error where it brings neither a text nor the name of a licence. */
function noticeOf(folder) {
  const { name, version, license, licenses, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const said = license?.type ?? license ?? licenses?.map((one) => one.type ?? one).join(' OR ');
  const texts = readdirSync(folder)
    .filter((file) => notices.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  if (texts.length === 0 && said === undefined) throw new Error(`${folder} names no licence`);
  // Some packages name their licence and leave the text out; then who holds the copyright is what there is to keep.
  if (texts.length === 0)
    texts.push(`Licence ${said}, by ${author?.name ?? author ?? 'its authors'}. The package brings no licence text.`);
  return `${name} ${version} (${said ?? 'see below'})\n\n${texts.join('\n\n')}\n`;
}

/** The text of `licences.txt`: the notices of all packages that went into the bundle. */
export function noticesOf(metafile) {
  const line = `${'-'.repeat(80)}\n`;
  const head = 'Parts of these packages are in the bundle beside this file; each keeps its own licence.\n';
  return [head, ...packagesIn(metafile).map(noticeOf)].join(line);
}
