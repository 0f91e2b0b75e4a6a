#!/bin/sh
':' //; exec node -- "$0" "$@"
// A shell reads the line above, Node takes it for a text and a comment: without `--`, Node 20 takes `--env-file` for itself
// wherever it stands. `env -S` could say so too, but busybox has none.
try {
  await import('../dist/cli/main.js');
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  const root = decodeURIComponent(new URL('..', import.meta.url).pathname);
  process.stderr.write(`hwctl is not built yet, or a package it needs is not installed: run npm ci in ${root}\n`);
  process.exitCode = 2;
}
