const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** An amount of Kubernetes (500m, 1.5Gi, 1e3) as a number; undefined for what is none (apimachinery's pkg/api/resource). */
export function quantityOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const parts = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(value);
  if (parts === null) return undefined;
  const [, digits = '', exponent, suffix = ''] = parts;
  return exponent === undefined ? Number(digits) * (factors[suffix] as number) : Number(digits + exponent);
}

/** Memory or storage as people write it: 512Mi, 1.5Gi. */
export function bytesText(bytes: number): string {
  const gi = bytes / 2 ** 30;
  return gi >= 1 ? `${Number(gi.toFixed(1))}Gi` : `${Math.max(1, Math.floor(bytes / 2 ** 20))}Mi`;
}

/** Processors as people write them: 2, 1.5, 250m. */
export function cpuText(cpu: number): string {
  return cpu >= 1 ? String(Number(cpu.toFixed(2))) : `${Math.max(1, Math.floor(cpu * 1000 + 1e-9))}m`;
}

/** What was most likely meant by an amount that is none: `256mb` is 256Mi; undefined where nothing suggests itself. */
export function probableQuantity(value: unknown): string | undefined {
  const parts = /^\s*(\d+(?:\.\d+)?)\s*([kmgt])i?(?:b|bytes)?\s*$/i.exec(String(value));
  if (parts === null) return undefined;
  return `${parts[1]}${(parts[2] as string).toUpperCase()}i`;
}
