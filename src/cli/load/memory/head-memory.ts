/** What a head said, and how many bytes it took. */
export interface KnownHead {
  bytes: number;
  status: number;
  length: number;
  chunked: boolean;
  keepAlive: boolean;
  keepAliveSeconds: number;
  headersFrom: number;
}

const longestBytes = 4096;
/** After so many heads in a row that were all different, remembering is given up for as many again. */
const patience = 256;

/**
 * The last head read from one buffer. Under load a server sends the same head until its Date changes, and comparing four
 * bytes at a time costs a fortieth of parsing. Identical bytes parse identically, so this changes no result.
 */
export class HeadMemory {
  private readonly words: Int32Array;
  private readonly kept = new Int32Array(longestBytes / 4);
  private known: KnownHead | undefined;
  private misses = 0;

  /** `buffer` must begin at a multiple of 4 of its memory; the heads compared begin at its start. */
  constructor(private readonly buffer: Uint8Array) {
    this.words = new Int32Array(buffer.buffer, buffer.byteOffset, Math.floor(buffer.byteLength / 4));
  }

  /** True where these bytes lie in the buffer that this remembers. */
  serves(bytes: Uint8Array): boolean {
    return bytes === this.buffer;
  }

  /** What the head at the buffer's start says, where it is the one remembered. */
  match(length: number): KnownHead | undefined {
    const { known, words, kept } = this;
    if (known === undefined || known.bytes > length) return undefined;
    const whole = known.bytes >> 2;
    for (let i = 0; i < whole; i++) if (words[i] !== kept[i]) return this.missed();
    const rest = known.bytes & 3;
    if (rest !== 0 && ((words[whole]! ^ kept[whole]!) & tailMask[rest]!) !== 0) return this.missed();
    this.misses = 0;
    return known;
  }

  /** Remembers the head at the buffer's start. */
  keep(head: KnownHead): void {
    if (head.bytes > longestBytes - 4) return;
    if (this.misses > patience) {
      this.misses = this.misses > 2 * patience ? 0 : this.misses + 1;
      return;
    }
    this.kept.set(this.words.subarray(0, (head.bytes >> 2) + 1));
    this.known = head;
  }

  private missed(): undefined {
    if (++this.misses > patience) this.known = undefined;
    return undefined;
  }
}

/** Which bits of a word the first 1, 2 or 3 of its bytes in memory are. */
const tailMask = [0, 1, 2, 3].map((bytes) => {
  const mask = new Uint8Array(4).fill(0xff, 0, bytes);
  return new Int32Array(mask.buffer)[0]!;
});
