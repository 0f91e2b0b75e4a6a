#!/bin/sh
':' //; exec node -- "$0" "$@"
// A shell reads the line above, Node takes it for a text and a comment: without `--`, Node 20 takes `--env-file` for itself
// wherever it stands. `env -S` could say so too, but busybox has none.
import '../dist/cli/main.js';
