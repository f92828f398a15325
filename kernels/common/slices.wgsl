// A workgroup's threads form SLICES slices of LANES threads. The lanes of a slice have different pixels; all slices have the
// same pixels and each computes other channels.

const LANES = WORKGROUP_SIZE / SLICES;

/// Channels of a slice that are summed together over its lanes. With several slices, workgroup memory holds one of each.
#if SLICES > 1
const TOGETHER = 1;
#else
const TOGETHER = TILE_O;
#end

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
