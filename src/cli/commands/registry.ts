import type { Command } from 'commander';
import type { Context } from './context.js';

/** What each module in commands/ exports as `define`: adds arguments, options and an action to its own Command. */
export type Define = (command: Command, context: Context) => void;

export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<{ define: Define }>;
}

/** Every command; a module is loaded only when its command is the one asked for. */
export const commandEntries: readonly CommandEntry[] = [];
