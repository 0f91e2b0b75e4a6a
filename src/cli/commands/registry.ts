import type { Define } from './options/define-command.js';

export interface CommandEntry {
  name: string;
  /** What it takes beside flags, as its definition says it: the list of commands shows it and loads none of them. */
  operands?: string;
  summary: string;
  /** Calls as a user would type them, for the end of the help. */
  examples?: readonly string[];
  load: () => Promise<{ define: Define }>;
}

/** Every command; a module is loaded only when its command is the one asked for. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'up',
    operands: '[stack...]',
    summary: 'bring the platform up, wait until it is ready',
    examples: ['hwctl up', 'hwctl up orders --target minikube', 'hwctl up --dry-run'],
    load: () => import('./up.js'),
  },
  {
    name: 'init',
    operands: '[path]',
    summary: 'read a repository: what it holds, how it is brought up; write hwctl.yaml',
    examples: ['hwctl init', 'hwctl init hw05 --dry-run'],
    load: () => import('./init.js'),
  },
  {
    name: 'down',
    operands: '[stack...]',
    summary: 'remove what up made, and prove it',
    examples: ['hwctl down', 'hwctl down orders --keep-data'],
    load: () => import('./down.js'),
  },
  {
    name: 'status',
    summary: 'what runs, where, how healthy',
    examples: ['hwctl status', 'hwctl status --watch'],
    load: () => import('./status.js'),
  },
  {
    name: 'render',
    operands: '[stack...]',
    summary: 'print the exact objects up would apply',
    examples: ['hwctl render hello', 'hwctl render all -o out'],
    load: () => import('./render.js'),
  },
  {
    name: 'diff',
    operands: '[stack...]',
    summary: 'what up would change: exit 0 nothing, 1 something',
    examples: ['hwctl diff', 'hwctl diff orders --target minikube'],
    load: () => import('./diff.js'),
  },
  {
    name: 'logs',
    operands: '[service...]',
    summary: 'logs of all services or some',
    examples: ['hwctl logs', 'hwctl logs auth -f --tail 20'],
    load: () => import('./logs.js'),
  },
  {
    name: 'open',
    operands: '[part]',
    summary: 'the URL of a part: app, grafana, prometheus or a service',
    examples: ['hwctl open app', 'hwctl open grafana'],
    load: () => import('./open.js'),
  },
  {
    name: 'forward',
    summary: 'where everything that is up can be reached from here',
    examples: ['hwctl forward', 'hwctl forward --stop'],
    load: () => import('./forward.js'),
  },
  {
    name: 'debug',
    operands: '[command...]',
    summary: 'a shell, or a command, in a pod beside the services',
    examples: ['hwctl debug', 'hwctl debug -- curl -s http://hello/'],
    load: () => import('./debug.js'),
  },
  {
    name: 'serve',
    operands: '<service...>',
    summary: 'run services of the platform in the foreground',
    examples: ['hwctl serve hello', 'hwctl serve auth billing --port 0'],
    load: () => import('./serve.js'),
  },
  {
    name: 'dev',
    operands: '[stack...]',
    summary: "watch the server's sources: rebuild, redeploy, show logs",
    examples: ['hwctl dev hello'],
    load: () => import('./dev.js'),
  },
  {
    name: 'verify',
    operands: '[stack...]',
    summary: 'up, test all, a short load, down: one report, one exit code',
    examples: ['hwctl verify', 'hwctl verify orders --rps 50 --duration 10s'],
    load: () => import('./verify.js'),
  },
  {
    name: 'test',
    operands: '[names...]',
    summary: 'run scenarios: built in, your YAML, or a Postman collection',
    examples: [
      'hwctl test',
      'hwctl test idempotency -r junit=report.xml',
      'hwctl test collection.json -e staging.json',
      'hwctl test shop.yaml --url http://localhost:3000',
    ],
    load: () => import('./test/command.js'),
  },
  {
    name: 'probe',
    summary: 'prove a property of any service: that a request is idempotent',
    examples: [
      "hwctl probe idempotency 'POST /order' --header X-Request-Id --body '{\"price\": 10}' --effects 'GET /orders'",
    ],
    load: () => import('./probe/command.js'),
  },
  {
    name: 'load',
    operands: '[what...]',
    summary: 'run a load profile with a live report and a verdict',
    examples: [
      'hwctl load steady',
      'hwctl load --rps 200 --duration 30s --url http://localhost:3000/',
      'hwctl load --find-max',
      'hwctl load compare before.json after.json',
    ],
    load: () => import('./load/command.js'),
  },
  {
    name: 'scenario',
    summary: 'list, show, validate, export and import scenarios',
    examples: [
      'hwctl scenario list',
      'hwctl scenario import openapi.yaml -o api.yaml',
      'hwctl scenario export orders --to curl',
    ],
    load: () => import('./scenario.js'),
  },
  {
    name: 'doctor',
    operands: '[target]',
    summary: 'check every prerequisite and give the cure for each',
    examples: ['hwctl doctor', 'hwctl doctor minikube'],
    load: () => import('./doctor.js'),
  },
  {
    name: 'explain',
    operands: '[code]',
    summary: 'the last failure again, and what its code means',
    examples: ['hwctl explain', 'hwctl explain not-ready'],
    load: () => import('./explain.js'),
  },
  {
    name: 'completion',
    operands: '<shell>',
    summary: 'print a completion script for bash, zsh or fish',
    load: () => import('./completion/completion.js'),
  },
];
