#!/usr/bin/env -S node --
// Without `--` Node 20 takes `--env-file` for itself, wherever it stands.
import '../dist/cli/main.js';
