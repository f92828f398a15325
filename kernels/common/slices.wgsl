// A workgroup's threads form SLICES slices of LANES threads. The lanes of a slice have different pixels; all slices have the
// same pixels and each computes other channels.

const LANES = WORKGROUP_SIZE / SLICES;

fn slice_of(thread: u32) -> u32 {
#if SLICES > 1
  return thread / LANES;
#else
  return 0;
#end
}

fn lane_of(thread: u32) -> u32 {
#if SLICES > 1
  return thread % LANES;
#else
  return thread;
#end
}
