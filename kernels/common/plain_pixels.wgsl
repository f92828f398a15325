// Reads the tensor named PICTURE as it is stored, for taps.wgsl and spread.wgsl.

fn pixels(i: u32) -> V {
  return V($PICTURE[i]);
}

fn neighbours(left: u32, right: u32) -> vec2f {
#if WIDTH == 4
  return vec2f(f32($PICTURE[left].w), f32($PICTURE[right].x));
#else
  return vec2f(f32($PICTURE[left]), f32($PICTURE[right]));
#end
}
#if KERNEL == 5 && WIDTH == 4

fn far_neighbours(left: u32, right: u32) -> vec2f {
  return vec2f(f32($PICTURE[left].z), f32($PICTURE[right].y));
}
#end
