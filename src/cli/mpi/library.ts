import type { LibraryHandle, load } from 'koffi';
import { UserError } from '../../runtime/errors.ts';
import type { Launch } from './launch.ts';

/** An operation under way: returns whether it is done, to be called until it is. */
export type Operation = () => boolean;

/** Where each rank's part of an array begins, and how long it is, in bytes. */
export interface Parts {
  readonly array: Float32Array | Uint8Array;
  readonly counts: Int32Array;
  readonly places: Int32Array;
}

/** What training needs of MPI: operations of all ranks that do not block. */
export interface Mpi {
  /** Sends each rank its part of an array, and receives its part of that of each rank. */
  allToAll(send: Parts, receive: Parts): Operation;
  /** Sends all ranks this array, and receives theirs. */
  allGather(send: Float32Array | Uint8Array, receive: Parts): Operation;
  /** Ends all ranks at once. */
  abort(code: number): void;
  /** To be called by all ranks, when nothing is under way. */
  finalize(): void;
}

/** The handles of an MPI: addresses in Open MPI, numbers in MPICH. */
interface Abi {
  readonly type: 'void *' | 'int';
  readonly world: bigint | number;
  readonly byte: bigint | number;
  /** MPI_STATUS_IGNORE */
  readonly noStatus: bigint;
}

const MPICH: Abi = { type: 'int', world: 0x44000000, byte: 0x4c00010d, noStatus: 1n };

/** Only Open MPI has its communicators as symbols. */
function abiOf(library: LibraryHandle): Abi {
  try {
    const [world, byte] = [library.symbol('ompi_mpi_comm_world'), library.symbol('ompi_mpi_byte')];
    return { type: 'void *', world, byte, noStatus: 0n };
  } catch {
    return MPICH;
  }
}

/**
 * Debian's MPICH runs on UCX, which by default replaces the C library's memory functions. Two ranks crashed in tests, one in
 * V8's garbage collection; as Node's threads run when MPI is loaded, these functions stay as they are.
 */
const UCX = {
  UCX_MEM_EVENTS: 'n',
  UCX_MEM_MMAP_HOOK_MODE: 'none',
  UCX_MEM_MALLOC_HOOKS: 'n',
  UCX_MEM_MALLOC_RELOC: 'n',
};

/**
 * Loads the launcher's MPI and joins the other ranks.
 * @throws UserError if koffi or the library is missing, or the library does not know the other ranks
 */
export async function loadMpi(launch: Launch): Promise<Mpi> {
  for (const [variable, value] of Object.entries(UCX)) process.env[variable] ??= value;
  const { library, name } = loadFirst(await importKoffi(), launch.libraries);
  const { type, world, byte, noStatus } = abiOf(library);
  const define = (name: string, ...types: string[]) => library.func(name, 'int', types);
  const pointers = (count: number) => Array.from({ length: count }, () => 'void *');
  const init = define('MPI_Init', ...pointers(2));
  const commSize = define('MPI_Comm_size', type, 'void *');
  const part = [...pointers(3), type];
  const allToAll = define('MPI_Ialltoallv', ...part, ...part, type, 'void *');
  const allGather = define('MPI_Iallgatherv', 'void *', 'int', type, ...part, type, 'void *');
  const test = define('MPI_Test', ...pointers(3));
  const abort = define('MPI_Abort', type, 'int');
  const finalize = define('MPI_Finalize');

  init(null, null);
  const size = new Int32Array(1);
  commSize(world, size);
  if (size[0] !== launch.ranks) {
    // That of another MPI than the launcher's: each process is alone.
    throw new UserError(
      `${name} is not the MPI that has started this process: it knows ${size[0]} of ${launch.ranks} ranks.`,
    );
  }
  const done = new Int32Array(1);
  /** @param memory what the library reads and writes until the operation is done */
  const begin = (start: (request: BigUint64Array) => void, ...memory: unknown[]): Operation => {
    const request = new BigUint64Array(1);
    start(request);
    return () => {
      test(request, done, noStatus);
      return done[0] !== 0 && memory.length > 0;
    };
  };
  const listed = ({ array, counts, places }: Parts) => [array, counts, places, byte];
  return {
    allToAll: (send, receive) =>
      begin((request) => allToAll(...listed(send), ...listed(receive), world, request), send, receive),
    allGather: (send, receive) =>
      begin(
        (request) => allGather(send, send.byteLength, byte, ...listed(receive), world, request),
        ...[send, receive],
      ),
    abort: (code) => abort(world, code),
    finalize: () => finalize(),
  };
}

async function importKoffi() {
  try {
    return (await import('koffi')).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError('Training on several ranks needs a package: npm install koffi.');
  }
}

function loadFirst(koffi: { readonly load: typeof load }, names: readonly string[]) {
  for (const name of names) {
    try {
      // Global, as plug-ins of an MPI look for its symbols.
      return { library: koffi.load(name, { global: true }), name };
    } catch {
      // The next one.
    }
  }
  throw new UserError(`No MPI library is found, expected one of ${names.join(', ')}: install openmpi-bin or mpich.`);
}
