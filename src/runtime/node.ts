import { existsSync } from 'node:fs';
import {
  type AdapterChoice,
  type AdapterId,
  type AdapterRequest,
  type AdapterSummary,
  choose,
  identify,
  noSuchAdapter,
  softwareNotice,
  summarize,
  twinNotice,
} from './adapter.ts';
import { Device } from './device.ts';
import { doesNotLoad, UserError } from './errors.ts';
import { nap } from './nap.ts';
import { preload, prepareSwiftShader } from './swiftshader.ts';
import { readTuning } from './tile_cache.ts';

const OPTIONS = [
  // The kernels never access memory out of bounds, and write workgroup memory before they read it: bounds checks and zeroing
  // would only cost time.
  'enable-dawn-features=disable_robustness,disable_workgroup_init,vulkan_enable_f16_on_nvidia',
  'disable-dawn-features=timestamp_quantization',
];

/** An adapter that can be opened. */
interface Candidate extends AdapterId {
  /** The Vulkan driver's description file, if the Vulkan loader does not find it by itself. */
  readonly driver?: string;
}

/** Open GPUs by the adapter's name. They are kept: Dawn crashes if it collects one whose adapter or device is in use. */
const opened = new Map<string, Promise<GPU>>();

async function createGpu(adapterName: string): Promise<GPU> {
  const { create } = await import('webgpu').catch((error: Error) => {
    throw doesNotLoad('Dawn, which is WebGPU for Node,', 'webgpu', error);
  });
  return create([...OPTIONS, `adapter=${adapterName}`]);
}

/** Requests an adapter. The Vulkan loader reads its environment during a `GPU`'s first call. */
function requestAdapter(gpu: GPU, driver: string | undefined): Promise<GPUAdapter | null> {
  if (!driver) return gpu.requestAdapter();
  process.env.VK_ICD_FILENAMES = driver;
  const adapter = gpu.requestAdapter();
  delete process.env.VK_ICD_FILENAMES;
  return adapter;
}

/** Lists adapters. Dawn lists them only in the error for a name that none of them has. */
async function findCandidates(driver?: string): Promise<Candidate[]> {
  const gpu = await createGpu('none has this name');
  const message = await requestAdapter(gpu, driver).then(
    () => '',
    (error: Error) => error.message,
  );
  return (
    [...message.matchAll(/backend: '(.*)', name: '(.*)'/g)]
      .map(([, backend, name]) => ({ ...identify(name, backend), driver }))
      // The null backend runs no kernels.
      .filter(({ backend }) => backend !== 'null')
  );
}

const namedDrivers = () => process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES;

/** SwiftShader from the npm package, unless the environment names the Vulkan drivers to use. */
async function findSwiftShader(): Promise<Candidate[]> {
  const driver = namedDrivers() ? undefined : await prepareSwiftShader();
  return driver ? findCandidates(driver) : [];
}

/** Whether Vulkan can be tried: without a Vulkan loader Dawn finds nothing and prints a stack trace. */
const hasLoader = () => process.platform !== 'linux' || preload('libvulkan.so.1');

let system: Promise<Candidate[]> | undefined;
let swiftShader: Promise<Candidate[]> | undefined;

function systemCandidates(): Promise<Candidate[]> {
  system ??= hasLoader() ? findCandidates() : Promise.resolve([]);
  return system;
}

async function allCandidates(): Promise<Candidate[]> {
  const found = await systemCandidates();
  if (found.some(({ kind }) => kind === 'swiftshader')) return found;
  swiftShader ??= findSwiftShader();
  return [...found, ...(await swiftShader)];
}

async function open({ driver, ...id }: Candidate): Promise<AdapterChoice> {
  const opening = opened.get(id.name) ?? createGpu(id.name);
  opened.set(id.name, opening);
  const gpu = await opening;
  const adapter = await requestAdapter(gpu, driver);
  if (!adapter) throw new UserError(`The adapter ${id.name} (${id.class}, ${id.backend}) is no longer available.`);
  const info = summarize(id, adapter);
  // On a GPU sleeping saves nothing, and coarse timers, as on Windows, would notice the end of a short step late.
  const wait = id.kind === 'gpu' ? undefined : nap;
  const notices = [
    softwareNotice(info),
    id.kind === 'gpu' ? undefined : nvidiaHint(),
    twinNotice(id, await systemCandidates()),
  ].filter(Boolean);
  return { gpu, adapter, info, wait, notice: notices.join(' ') || undefined };
}

/**
 * Opens an adapter in Node, through Dawn. If the system has none that matches, SwiftShader from @sparticuz/chromium is tried.
 * @throws UserError if there is no adapter (it says what to install), or none that matches `adapter` (it lists those that exist)
 */
export async function requestNodeAdapter({ adapter: wanted = 'auto' }: AdapterRequest = {}): Promise<AdapterChoice> {
  const candidate = choose(await systemCandidates(), wanted) ?? choose(await allCandidates(), wanted);
  if (candidate) return open(candidate);
  const found = await allCandidates();
  throw found.length ? noSuchAdapter(wanted, found) : noAdapter();
}

/**
 * Opens an adapter's device with the tiles that `npm run tune` found for it. If the file of these cannot be used, one line on
 * stderr says so.
 * @param choice the best adapter if left out
 * @throws UserError if there is no adapter, GpuError in the implementation's words
 */
export async function openNodeDevice(choice?: AdapterChoice): Promise<Device> {
  const chosen = choice ?? (await requestNodeAdapter());
  return Device.open(chosen, { tuning: await readTuning(chosen.info, console.error) });
}

/** Every adapter that `requestNodeAdapter` can open on this machine. */
export async function listNodeAdapters(): Promise<AdapterSummary[]> {
  const summaries: AdapterSummary[] = [];
  for (const candidate of await allCandidates()) summaries.push((await open(candidate)).info);
  return summaries;
}

/**
 * A sentence on an NVIDIA card whose kernel driver is there but not its Vulkan driver, as in containers by default.
 * @param device the file by which programs reach the kernel driver
 */
export function nvidiaHint(device = '/dev/nvidiactl'): string | undefined {
  if (!existsSync(device)) return undefined;
  return 'There is an NVIDIA card without its Vulkan driver: in a container set NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics, elsewhere install libnvidia-gl of the version of the driver.';
}

function noAdapter(): UserError {
  const named = namedDrivers();
  if (named)
    return new UserError(`No WebGPU adapter was found with the Vulkan drivers that the environment names (${named}).`);
  if (process.platform !== 'linux') return new UserError("No WebGPU adapter was found: install the GPU's driver.");
  const hint = nvidiaHint();
  const swiftShader = process.arch === 'x64' ? ', or run npm i -D @sparticuz/chromium' : '';
  return new UserError(
    "No WebGPU adapter was found: install the GPU's Vulkan driver, or mesa-vulkan-drivers 24 or newer (Debian 12 has it in " +
      `bookworm-backports)${swiftShader}.${hint ? ` ${hint}` : ''}`,
  );
}
