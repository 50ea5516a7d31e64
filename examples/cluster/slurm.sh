#!/bin/sh
# A sweep as an array job of Slurm: sbatch --array=1-20 slurm.sh card.yaml
# Afterwards: lightloom merge parts/*.h5 --output all.h5
# A part that was killed goes on where it was: sbatch --array=7,12 --export=ALL,PARTS=20 slurm.sh card.yaml
#SBATCH --cpus-per-task=2
#SBATCH --requeue
set -eu
mkdir -p parts
part="auto${PARTS:+/$PARTS}"
[ -z "${PARTS:-}" ] || part="$SLURM_ARRAY_TASK_ID/$PARTS"
exec lightloom sweep "$1" --part "$part" --threads "${SLURM_CPUS_PER_TASK:-1}" --quiet \
  --output "parts/$SLURM_ARRAY_TASK_ID.h5"
