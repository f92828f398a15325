/// <reference lib="esnext.disposable" preserve="true" />
// yynet: nets, training, checkpoints, classifying and export. yynet/engine has the parts for your own nets.
export { type ActivationKind, activationKinds } from './autograd/ops/activation.ts';
export type { GreyMode } from './autograd/ops/grey.ts';
export { type Dataset, imageSize, inMemory, type Pictures, type Splits, subset } from './data/dataset.ts';
export { fingerprint } from './data/fingerprint.ts';
export { shapes } from './data/shapes.ts';
export { calibrate } from './inference/calibrate.ts';
export * from './inference/classifier.ts';
export { type ClassScore, ConfusionMatrix } from './inference/confusion.ts';
export * from './inference/feature_maps.ts';
export type { Calibration, Normalisation, TrainedNet } from './inference/loaded_net.ts';
export * from './inference/prediction.ts';
export { type Fitting, type FittingOptions, fitTensors } from './interop/fitting.ts';
export { exportOnnx, type OnnxOptions } from './interop/onnx/export.ts';
export { mobilenetV3Small } from './mobilenet/architecture.ts';
export type { MobileNetV3Config } from './mobilenet/config.ts';
export { MobileNetV3Small } from './mobilenet/mobilenet.ts';
export { architectures, type Model, models } from './nets.ts';
export {
  Architecture,
  type ArchitectureDefinition,
  defineArchitecture,
  type Net,
  type NetConfig,
  type Parts,
} from './nn/architecture.ts';
export type { FeatureSpace } from './nn/feature_space.ts';
export type { HostTensor, StateDict } from './nn/parameters.ts';
export type { AdapterChoice, AdapterRequest, AdapterSummary } from './runtime/adapter.ts';
export { requestBrowserAdapter } from './runtime/browser.ts';
export { Device, type DeviceOptions } from './runtime/device.ts';
export { GpuError, MemoryError, ShaderError, UserError } from './runtime/errors.ts';
export type { HostArray, ReadArray, UploadedTensor } from './runtime/host_array.ts';
export type { Wait } from './runtime/queue.ts';
export type { Resource } from './runtime/resource.ts';
export { decodeStartingNet, fitStartingNet, type StartingNet } from './starting_net.ts';
export {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type TrainingState,
} from './train/checkpoint.ts';
export type { Group } from './train/group.ts';
export { DivergedError } from './train/health.ts';
export * from './train/hooks.ts';
export type { Position } from './train/position.ts';
export {
  type Freeze,
  fineTuning,
  greyNormalisation,
  imagenetNormalisation,
  type Precision,
  paperRecipe,
  picturesRecipe,
  type Recipe,
  shapesRecipe,
} from './train/recipe.ts';
export { Trainer } from './train/trainer.ts';
export { yynet } from './yinyang/architecture.ts';
export { type Preset, presets, type YYNetConfig } from './yinyang/config.ts';
export { YYNet } from './yinyang/yynet.ts';
