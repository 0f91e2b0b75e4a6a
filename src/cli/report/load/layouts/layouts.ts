import type { Layout } from './layout.js';

/** What `--summary` accepts beside our own; loaded when it is asked for. */
export const layouts = {
  k6: async () => (await import('./k6.js')).k6Layout,
  ab: async () => (await import('./ab.js')).abLayout,
  locust: async () => (await import('./locust.js')).locustLayout,
  wrk: async () => (await import('./wrk.js')).wrkLayout,
} satisfies Record<string, () => Promise<Layout>>;

export type LayoutName = keyof typeof layouts;

export const layoutNames = Object.keys(layouts) as LayoutName[];
