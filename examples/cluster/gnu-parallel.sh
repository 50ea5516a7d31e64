#!/bin/sh
# A sweep as N processes of one machine or several: sh gnu-parallel.sh card.yaml 8 [--sshloginfile hosts --workdir .]
# Debian: parallel. Run again, it goes on with what is missing.
set -eu
card=$1 parts=$2
shift 2
mkdir -p parts
seq "$parts" | parallel --halt soon,fail=1 "$@" \
  lightloom sweep "$card" --part "{}/$parts" --threads 1 --quiet --output "parts/{}.h5"
lightloom merge parts/*.h5 --output all.h5
