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
export const commandEntries: readonly CommandEntry[] = [
  { name: 'up', summary: 'bring the platform up, wait until it is ready', load: () => import('./up.js') },
  { name: 'down', summary: 'remove what up made, and prove it', load: () => import('./down.js') },
  { name: 'status', summary: 'what runs, where, how healthy', load: () => import('./status.js') },
  { name: 'render', summary: 'print the exact objects up would apply', load: () => import('./render.js') },
  { name: 'diff', summary: 'what up would change: exit 0 nothing, 1 something', load: () => import('./diff.js') },
  { name: 'logs', summary: 'logs of all services or some', load: () => import('./logs.js') },
  {
    name: 'open',
    summary: 'the URL of a part: app, grafana, prometheus or a service',
    load: () => import('./open.js'),
  },
  {
    name: 'forward',
    summary: 'where everything that is up can be reached from here',
    load: () => import('./forward.js'),
  },
  {
    name: 'debug',
    summary: 'a shell, or a command, in a pod beside the services',
    load: () => import('./debug.js'),
  },
  { name: 'serve', summary: 'run services of the platform in the foreground', load: () => import('./serve.js') },
  { name: 'dev', summary: "watch the server's sources: rebuild, redeploy, show logs", load: () => import('./dev.js') },
  {
    name: 'verify',
    summary: 'up, test all, a short load, down: one report, one exit code',
    load: () => import('./verify.js'),
  },
  {
    name: 'test',
    summary: 'run scenarios: built in, your YAML, or a Postman collection',
    load: () => import('./test.js'),
  },
  { name: 'load', summary: 'run a load profile with a live report and a verdict', load: () => import('./load.js') },
  {
    name: 'scenario',
    summary: 'list, show, validate, export and import scenarios',
    load: () => import('./scenario.js'),
  },
  { name: 'doctor', summary: 'check every prerequisite and give the cure for each', load: () => import('./doctor.js') },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    load: () => import('./completion.js'),
  },
];
