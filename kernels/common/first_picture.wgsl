/// The place of the tensor's first picture in the batch, so that random numbers do not depend on how a batch is cut into
/// micro-batches. The including file binds `seed`.
fn first_picture() -> u32 {
#if MICRO_BATCH
  return seed[2];
#else
  return 0;
#end
}
