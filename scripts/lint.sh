#!/usr/bin/env bash
# clang-tidy over the sources (its rules are in .clang-tidy); uses the release build's compile commands.
set -euo pipefail
git ls-files 'src/*.cc' | grep -v _test.cc | xargs -P "$(nproc)" -n 4 clang-tidy-19 --quiet -p build/release
