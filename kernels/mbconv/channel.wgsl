/// What the depthwise backward pass needs of a channel: the norms of bn1 and bn2, and the coefficients of dd, the gradient
/// of d, bn2's input. Written by bn2_backward.wgsl.
struct Channel {
  norm1: Norm,
  norm2: Norm,
  backward2: BackwardNorm,
}
