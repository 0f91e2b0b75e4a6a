/** A number 0 .. 1 (exclusive) that depends on seed and index alone: the same choice whatever thread or pod makes it (murmur3's finaliser). */
export function randomAt(seed: number, index: number): number {
  let h = (seed ^ Math.imul(index % 4294967296, 0x9e3779b1) ^ Math.floor(index / 4294967296)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}
