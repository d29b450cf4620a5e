#!/usr/bin/env bash
# Ten million random accesses to the board, driven by the ranges that its devices declare.
set -euo pipefail
cd "$(dirname "$0")/../.."
RINGWALK_DEVICE_FUZZ=${RINGWALK_DEVICE_FUZZ:-10000000} cargo test -p ringwalk-chipset random_accesses
