/// What the way back through a channel of d and e needs, gathered by batch.wgsl.
struct Hidden {
  norm1: Norm,
  norm2: Norm,
  back2: Slope,
}
