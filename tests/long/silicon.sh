#!/usr/bin/env bash
# silicon.sh [INSTRUCTIONS [SEED]]: random code of user mode, of 64 and 32 bits, on the host's own processor and in both
# tiers; some 40,000 instructions a second. On other hosts than x86-64 Linux it says that it cannot run.
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo test --release --quiet --test silicon -- "${1:-4000000}" "${2:-1}"
