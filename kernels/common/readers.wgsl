// Numbers that all lanes need, such as a matrix's. A software adapter reads them for each lane all the same, one after
// another, so there each of READERS lanes of a subgroup reads one number and gives it to the others:
//   let number = f(first + reader());   then   read_by0(number), read_by1(number) … are f(first), f(first + 1) …
// With a single reader, each lane reads for itself. Control flow must be the same for all lanes of a workgroup.

#if READERS > 1
enable subgroups;
#end

/// Which of the READERS numbers a lane reads.
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
