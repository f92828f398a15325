import { MpiGroup } from '../../src/cli/mpi/group.ts';
import type { Mpi, Operation, Parts } from '../../src/cli/mpi/library.ts';

/** What the ranks have given to one operation. */
interface Meeting {
  readonly sent: Map<number, Parts>;
  readonly received: Map<number, Parts>;
  isDone: boolean;
}

const bytesOf = ({ array, counts, places }: Parts, part: number) =>
  new Uint8Array(array.buffer, array.byteOffset + places[part], counts[part]);

/** Several ranks in one process, without MPI. Operations meet by their order, and move bytes when all ranks have come. */
export function groupOf(ranks: number): MpiGroup[] {
  const meetings: Meeting[] = [];
  const mpiOf = (rank: number): Mpi => {
    let begun = 0;
    const meet = (send: Parts, receive: Parts): Operation => {
      meetings[begun] ??= { sent: new Map(), received: new Map(), isDone: false };
      const meeting = meetings[begun++];
      meeting.sent.set(rank, send);
      meeting.received.set(rank, receive);
      return () => {
        if (!meeting.isDone && meeting.sent.size === ranks) {
          for (const [to, receive] of meeting.received) {
            for (const [from, send] of meeting.sent) bytesOf(receive, from).set(bytesOf(send, to));
          }
          meeting.isDone = true;
        }
        return meeting.isDone;
      };
    };
    return {
      allToAll: meet,
      allGather: (array, receive) => {
        const counts = new Int32Array(ranks).fill(array.byteLength);
        return meet({ array, counts, places: new Int32Array(ranks) }, receive);
      },
      abort: () => {},
      finalize: () => {},
    };
  };
  return Array.from({ length: ranks }, (_, rank) => new MpiGroup(mpiOf(rank), { rank, ranks }));
}
