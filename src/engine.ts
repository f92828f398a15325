/// <reference lib="esnext.disposable" preserve="true" />
// yynet/engine: the parts for your own nets and ops: device, tape, ops, modules, optimizers, kernels.

export type { AvgPoolAttrs } from '../kernels/avg_pool/launch.ts';
export type { NormActivation, Running } from '../kernels/batch_norm/launch.ts';
export type { OnnxAttribute, OnnxBuilder } from '../kernels/common/onnx.ts';
export type { Mask } from '../kernels/dropout/launch.ts';
export type { FoldedConvolution } from '../kernels/fold_batch_norm/launch.ts';
export { measureRoofline, type Roofline } from '../kernels/roofline/measure.ts';
export type { SqueezeExciteAttrs } from '../kernels/squeeze_excite/launch.ts';
export { type Differentiable, type GradcheckOptions, gradcheck } from './autograd/gradcheck.ts';
export {
  defineOp,
  type ForwardContext,
  type GradientSlot,
  type Inputs,
  type Op,
  type Outcome,
  type Wanted,
} from './autograd/op.ts';
export { type ActivationKind, activationKinds } from './autograd/ops/activation.ts';
export type { BatchNormAttrs, BatchNormRates } from './autograd/ops/batch_norm.ts';
export type { CrossEntropyAttrs } from './autograd/ops/cross_entropy.ts';
export * as ops from './autograd/ops/index.ts';
export type { MBConvAttrs, MBConvInputs } from './autograd/ops/mbconv.ts';
export type { MBConvKinds } from './autograd/ops/mbconv_shape.ts';
export type { ReshapeAttrs } from './autograd/ops/reshape.ts';
export type { ResidualAttrs, ResidualInputs } from './autograd/ops/residual.ts';
export type { ScaleAttrs } from './autograd/ops/scale.ts';
export type { SqueezeExciteInputs } from './autograd/ops/squeeze_excite.ts';
export { Tape } from './autograd/tape.ts';
export { Random, type RandomState } from './data/random.ts';
export {
  type Dtype,
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  type TensorFile,
} from './data/safetensors.ts';
export * from './nn/adamw.ts';
export * from './nn/blocks.ts';
export * as init from './nn/init.ts';
export * from './nn/layers.ts';
export * from './nn/module.ts';
export * from './nn/optimizer.ts';
export * from './nn/parameters.ts';
export * from './nn/schedule.ts';
export * from './nn/sgd.ts';
export * from './nn/stateless.ts';
export * from './report/profile.ts';
export type {
  AdapterChoice,
  AdapterClass,
  AdapterId,
  AdapterKind,
  AdapterSummary,
  WaitForGpu,
} from './runtime/adapter.ts';
export { requestBrowserAdapter } from './runtime/browser.ts';
export * from './runtime/capabilities.ts';
export {
  type Binding,
  type Constants,
  type KernelSource,
  type SpecializedKernel,
  specialize,
  type Uniform,
} from './runtime/codegen.ts';
export type { Dispatch, DispatchCommand } from './runtime/command.ts';
export { Device, type DeviceOptions } from './runtime/device.ts';
export { GpuError, MemoryError, ShaderError, UserError } from './runtime/errors.ts';
export type { Value } from './runtime/expression.ts';
export type { HostArray, ReadArray, UploadedTensor } from './runtime/host_array.ts';
export type { Memory, Storage } from './runtime/memory.ts';
export type { BoundKernel, Kernel, PipelineCache } from './runtime/pipeline.ts';
export { profile, requireTimestamps, type Span } from './runtime/profile.ts';
export type { Wait } from './runtime/queue.ts';
export { type Cost, Recording, type RecordingContext } from './runtime/recording.ts';
export type { Resource } from './runtime/resource.ts';
export {
  byteLength,
  type DType,
  type IntegerTensor,
  reshape,
  type Shape,
  size,
  sizeOf,
  type Tensor,
} from './runtime/tensor.ts';
export { type Tiles, type Tuned, Tuning } from './runtime/tuning.ts';
export { type Batch, requirePrecision, type StepContext, trainingStep } from './train/step.ts';
