#!/bin/sh
# Every end-to-end test, one after the other, within a bounded time. Arguments are test files; all without any.
# PENSTOCK_BINARY names the program under test (default: build/release/penstock).
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || { echo "tests/e2e: run npm ci --prefix tests/e2e first" >&2; exit 1; }
[ $# -gt 0 ] || set -- *.test.js
exec timeout --kill-after=10 "${PENSTOCK_E2E_SECONDS:-1200}" node --test --test-concurrency=1 --test-reporter=spec "$@"
