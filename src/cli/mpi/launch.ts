/** This process's place among those that mpirun, mpiexec or srun has started. */
export interface Launch {
  readonly rank: number;
  readonly ranks: number;
  /** Names under which the launcher's MPI library may be found, the most likely first. */
  readonly libraries: readonly string[];
}

const OPEN_MPI = ['libmpi.so.40', 'libmpi.so'];
/** MPICH's own name, and that of Debian. */
const MPICH = ['libmpich.so.12', 'libmpi.so.12'];

/** What launchers tell: Open MPI's; MPICH's and Slurm's --mpi=pmi2; Slurm's --mpi=pmix. */
const LAUNCHERS = [
  { rank: 'OMPI_COMM_WORLD_RANK', ranks: 'OMPI_COMM_WORLD_SIZE', libraries: [...OPEN_MPI, ...MPICH] },
  { rank: 'PMI_RANK', ranks: 'PMI_SIZE', libraries: [...MPICH, ...OPEN_MPI] },
  { rank: 'PMIX_RANK', ranks: 'SLURM_STEP_NUM_TASKS', libraries: [...OPEN_MPI, ...MPICH] },
] as const;

/** Reads from the environment how a launcher of MPI has started this process; undefined if it is the only one. */
export function readLaunch(env: Readonly<Record<string, string | undefined>>): Launch | undefined {
  const found = LAUNCHERS.find(({ rank, ranks }) => env[rank] && env[ranks]);
  if (!found) return undefined;
  const [rank, ranks] = [Number(env[found.rank]), Number(env[found.ranks])];
  return ranks > 1 ? { rank, ranks, libraries: found.libraries } : undefined;
}
