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
} from './adapter.ts';
import { Device } from './device.ts';
import { UserError } from './errors.ts';
import { nap } from './nap.ts';
import { preload, prepareSwiftShader } from './swiftshader.ts';
import { readTuning } from './tile_cache.ts';

const OPTIONS = [
  // The kernels never read or write out of bounds, and read no workgroup memory that they have not written: they would pay
  // for the checks, and for the zeroes.
  'enable-dawn-features=disable_robustness,disable_workgroup_init,vulkan_enable_f16_on_nvidia',
  'disable-dawn-features=timestamp_quantization',
];

/** An adapter that can be opened, and the driver description that its Vulkan loader must be pointed to, if any. */
interface Candidate extends AdapterId {
  readonly driver?: string;
}

/** What is open, by name. Dawn crashes the process once it collects one whose adapter or device is still in use. */
const opened = new Map<string, Promise<GPU>>();

async function createGpu(adapterName: string): Promise<GPU> {
  const { create } = await import('webgpu').catch((error: Error) => {
    throw new UserError(`Dawn, which is WebGPU for Node, does not load on this machine: ${error.message}`);
  });
  return create([...OPTIONS, `adapter=${adapterName}`]);
}

/** The Vulkan loader reads its environment within the first call that a `GPU` gets. */
function requestAdapter(gpu: GPU, driver: string | undefined): Promise<GPUAdapter | null> {
  if (!driver) return gpu.requestAdapter();
  process.env.VK_ICD_FILENAMES = driver;
  const adapter = gpu.requestAdapter();
  delete process.env.VK_ICD_FILENAMES;
  return adapter;
}

/** Dawn names its adapters only in the error for a name that none of them has. */
async function findCandidates(driver?: string): Promise<Candidate[]> {
  const gpu = await createGpu('none has this name');
  const message = await requestAdapter(gpu, driver).then(
    () => '',
    (error: Error) => error.message,
  );
  return (
    [...message.matchAll(/backend: '(.*)', name: '(.*)'/g)]
      .map(([, backend, name]) => ({ ...identify(name, backend), driver }))
      // It runs no kernel.
      .filter(({ backend }) => backend !== 'null')
  );
}

const namedDrivers = () => process.env.VK_DRIVER_FILES || process.env.VK_ICD_FILENAMES;

/** SwiftShader out of the npm package, unless the user named the Vulkan drivers to use. */
async function findSwiftShader(): Promise<Candidate[]> {
  const driver = namedDrivers() ? undefined : await prepareSwiftShader();
  return driver ? findCandidates(driver) : [];
}

/** Where Linux has no Vulkan loader, Dawn would find nothing and print a trace of its own about it. */
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
  if (!adapter) throw new UserError(`The adapter ${id.name} (${id.class}, ${id.backend}) no longer answers.`);
  const info = summarize(id, adapter);
  // On a GPU nothing is gained by sleeping, and where timers are coarse, as on Windows, a short step would be noticed late.
  const wait = id.kind === 'gpu' ? undefined : nap;
  return { gpu, adapter, info, wait, notice: softwareNotice(info) };
}

/**
 * Opens an adapter in Node, by Dawn. Where the system has none that answers, or none of that name, SwiftShader is tried
 * out of @sparticuz/chromium.
 * @throws UserError when none answers (what to install), or none to `adapter` (what there is).
 */
export async function requestNodeAdapter({ adapter: wanted = 'auto' }: AdapterRequest = {}): Promise<AdapterChoice> {
  const candidate = choose(await systemCandidates(), wanted) ?? choose(await allCandidates(), wanted);
  if (candidate) return open(candidate);
  const found = await allCandidates();
  throw found.length ? noSuchAdapter(wanted, found) : noAdapter();
}

/**
 * Opens an adapter's device with the tiles that `npm run tune` found for it. If they cannot be used, one line on stderr
 * says so.
 * @throws GpuError in the implementation's own words.
 */
export const openNodeDevice = async (choice: AdapterChoice): Promise<Device> =>
  Device.open(choice, await readTuning(choice.info, console.error));

/** Every adapter that `requestNodeAdapter` can open on this machine. */
export async function listNodeAdapters(): Promise<AdapterSummary[]> {
  const summaries: AdapterSummary[] = [];
  for (const candidate of await allCandidates()) summaries.push((await open(candidate)).info);
  return summaries;
}

function noAdapter(): UserError {
  const named = namedDrivers();
  if (named)
    return new UserError(`No WebGPU adapter answers among the Vulkan drivers that the environment names (${named}).`);
  if (process.platform !== 'linux') return new UserError("No WebGPU adapter answers: install the GPU's driver.");
  const swiftShader = process.arch === 'x64' ? ', or run npm i -D @sparticuz/chromium' : '';
  return new UserError(
    "No WebGPU adapter answers: install the GPU's Vulkan driver, or mesa-vulkan-drivers 24 or newer (Debian 12 has it in " +
      `bookworm-backports)${swiftShader}.`,
  );
}
