#sizes K

/// The value, or NaN if the label is no class: an invalid label must not go unnoticed.
fn checked(value: f32, label: i32) -> f32 {
  let is_class = label >= 0 && label < i32(sizes.K);
  return bitcast<f32>(bitcast<u32>(value) | select(0x7fc00000u, 0u, is_class));
}
