#!/bin/sh
# A sweep as an array of HyperQueue: hq submit --array 1-20 --cpus 2 sh hyperqueue.sh card.yaml 20
# Afterwards: lightloom merge parts/*.h5 --output all.h5
set -eu
mkdir -p parts
exec lightloom sweep "$1" --part "auto/$2" --threads 2 --quiet --output "parts/$HQ_TASK_ID.h5"
