// Loads of numbers that are the same for all threads, such as the elements of a weight. A GPU loads such a number once for
// all threads that run in step; a software adapter loads it once for each. There READERS threads of a subgroup load one
// number each and share it by subgroup broadcasts:
//   let number = f(first + reader());   then read_by0(number), read_by1(number) … are f(first), f(first + 1) …
// With READERS = 1 each thread loads for itself. Control flow must be uniform in the workgroup.

#if READERS > 1
enable subgroups;
#end

/// Which of the READERS numbers this thread loads.
fn reader() -> u32 {
#if READERS > 1
  return subgroupExclusiveAdd(1u) % READERS;
#else
  return 0;
#end
}

#for r in 0..READERS
fn read_by$r(number: f32) -> f32 {
#if READERS > 1
  return subgroupBroadcast(number, $r);
#else
  return number;
#end
}
#end
