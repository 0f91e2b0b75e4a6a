import type { Values } from './values-shape.js';

/** Values over values: maps are merged field by field, everything else is replaced. */
export function mergeValues(under: Values, over: Values): Values {
  return mergeMaps(under as Record<string, unknown>, over as Record<string, unknown>) as Values;
}

function mergeMaps(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const before = merged[name];
    merged[name] = isMap(before) && isMap(value) ? mergeMaps(before, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
