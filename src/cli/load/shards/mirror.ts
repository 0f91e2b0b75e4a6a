import { deflateRawSync, inflateRawSync } from 'node:zlib';

const pageBytes = 4096;

/** What changed of some memory: pairs of buffer and page, and the pages' bytes, deflated. */
export interface MemoryChanges {
  pages: number[];
  bytes: Buffer;
}

/** Finds what changed in memory since it was last asked, page by page; the first answer is the whole. */
export class MemorySource {
  private readonly views: Buffer[];
  private seen: Buffer[] | undefined;

  constructor(buffers: readonly ArrayBufferLike[]) {
    this.views = buffers.map((buffer) => Buffer.from(buffer));
  }

  changes(): MemoryChanges {
    const pages: number[] = [];
    const found: Buffer[] = [];
    const { seen } = this;
    this.seen ??= this.views.map((view) => Buffer.alloc(view.length));
    this.views.forEach((view, index) => {
      const copy = this.seen![index]!;
      for (let at = 0; at < view.length; at += pageBytes) {
        const live = view.subarray(at, at + pageBytes);
        const old = copy.subarray(at, at + pageBytes);
        if (seen !== undefined && live.equals(old)) continue;
        // The copy is what is sent: the page may change meanwhile, and is then found again.
        old.set(live);
        pages.push(index, at / pageBytes);
        found.push(old);
      }
    });
    return { pages, bytes: deflateRawSync(Buffer.concat(found), { level: 1 }) };
  }
}

/** Writes changes into memory of the same layout. Throws RangeError where they do not fit. */
export function applyChanges(buffers: readonly ArrayBufferLike[], { pages, bytes }: MemoryChanges): void {
  const content = inflateRawSync(bytes);
  let from = 0;
  for (let i = 0; i < pages.length; i += 2) {
    const buffer = buffers[pages[i]!];
    const at = pages[i + 1]! * pageBytes;
    if (buffer === undefined || !(at >= 0 && at < buffer.byteLength)) throw new RangeError('memory of another layout');
    const length = Math.min(pageBytes, buffer.byteLength - at);
    new Uint8Array(buffer, at, length).set(content.subarray(from, from + length));
    from += length;
  }
  if (from !== content.length) throw new RangeError('memory of another layout');
}
