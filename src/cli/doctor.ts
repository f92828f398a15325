#!/usr/bin/env node
import { measureRoofline } from '../../kernels/roofline/measure.ts';
import { version } from '../../package.json';
import type { AdapterSummary } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import { GpuError, UserError } from '../runtime/errors.ts';
import { listNodeAdapters, openNodeDevice, requestNodeAdapter } from '../runtime/node.ts';
import { table } from '../train/table.ts';
import { adapterOption, createCommand, main } from './command.ts';
import { DataLine } from './progress.ts';
import { type SelfTest, selfTest } from './self_test.ts';
import { netChecks } from './self_test_net.ts';
import { opChecks } from './self_test_ops.ts';
import { trainingChecks } from './self_test_training.ts';

interface Options {
  readonly adapter: string;
  readonly json?: boolean;
}

/** An adapter, and of its limits those that decide which nets it can hold and how kernels are cut. */
interface Adapter extends AdapterSummary {
  readonly chosen: boolean;
  readonly limits: Readonly<Record<(typeof LIMITS)[number], number>>;
}

const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** What the engine makes use of, and what for. */
const FEATURES = {
  'shader-f16': 'mixed precision',
  'timestamp-query': 'timing of kernels',
  subgroups: 'larger teams of lanes',
} as const;

interface Report {
  readonly yynet: string;
  readonly node: string;
  readonly platform: string;
  readonly adapters: readonly Adapter[];
  /** What keeps the engine from running, or from running fast. */
  readonly advice?: string;
  readonly roofline?: { readonly gflop_s: number; readonly gb_s: number };
  readonly self_test?: SelfTest;
  readonly ok: boolean;
}

const command = createCommand('yy-doctor', 'Tells which WebGPU adapters there are and whether every kernel is right.')
  .addOption(adapterOption())
  .option('--json', 'print the report as JSON')
  .addHelpText(
    'after',
    `
Exits with 1 if no adapter answers or a kernel is wrong.

Examples:
  yy-doctor                         all adapters, and a test of the one that yy-train would take
  yy-doctor --adapter swiftshader   a test of another one
  yy-doctor --json > report.json    to send along with a question`,
  )
  .action(run);

async function run({ adapter, json }: Options): Promise<void> {
  const report = await examine(adapter);
  console.log(json ? JSON.stringify(report, null, 2) : describe(report));
  if (!report.ok) process.exitCode = 1;
}

async function examine(wanted: string): Promise<Report> {
  const system = { yynet: version, node: process.version, platform: `${process.platform} ${process.arch}` };
  let adapters: Adapter[] = [];
  try {
    adapters = await listAdapters();
    const choice = await requestNodeAdapter({ adapter: wanted });
    adapters = adapters.map((found) => ({ ...found, chosen: found.name === choice.info.name }));
    const device = await openNodeDevice(choice);
    const roofline = device.gpu.features.has('timestamp-query') ? await speedOf(device) : undefined;
    const checks = [...opChecks, ...trainingChecks, ...netChecks(device)];
    const progress = new DataLine();
    const onCheck = (done: number) => progress.update({ task: 'testing kernels', done, total: checks.length });
    const tested = await selfTest(device, checks, onCheck).finally(() => progress.stop());
    const ok = tested.checks.every((check) => check.ok);
    return { ...system, adapters, advice: choice.notice, roofline, self_test: tested, ok };
  } catch (error) {
    if (!(error instanceof UserError || error instanceof GpuError)) throw error;
    return { ...system, adapters, advice: error.message, ok: false };
  }
}

async function speedOf(device: Device): Promise<Report['roofline']> {
  const { flopsPerSecond, bytesPerSecond } = await measureRoofline(device);
  return { gflop_s: flopsPerSecond / 1e9, gb_s: bytesPerSecond / 1e9 };
}

async function listAdapters(): Promise<Adapter[]> {
  const adapters: Adapter[] = [];
  for (const summary of await listNodeAdapters()) {
    const { adapter } = await requestNodeAdapter({ adapter: summary.name });
    const limits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])) as Adapter['limits'];
    adapters.push({ ...summary, chosen: false, limits });
  }
  return adapters;
}

function describe({ yynet, node, platform, adapters, advice, roofline, self_test, ok }: Report): string {
  const paragraphs = [
    `yynet ${yynet}, Node ${node} on ${platform}, ${adapters.length} WebGPU adapter${adapters.length === 1 ? '' : 's'}`,
  ];
  paragraphs.push(...adapters.map(describeAdapter));
  if (advice) paragraphs.push(advice);
  if (roofline) {
    const { gflop_s, gb_s } = roofline;
    paragraphs.push(
      `Measured just now: ${gflop_s.toFixed(1)} GFLOP/s on registers, ${gb_s.toFixed(1)} GB/s to copy memory.`,
    );
  }
  if (self_test) {
    const { kernels, checks } = self_test;
    const rows = kernels.map(({ kernel, ok, runs, ms }) => [
      kernel,
      ok ? 'ok' : 'WRONG',
      `${runs}`,
      ms?.toFixed(3) ?? '-',
    ]);
    paragraphs.push(table([['kernel', 'verdict', 'runs', 'ms'], ...rows]));
    const failures = checks.filter((check) => !check.ok);
    paragraphs.push(
      ...failures.map(
        ({ check, error, problem }) => `WRONG: ${check}: ${problem ?? `relative error ${error?.toPrecision(2)}`}`,
      ),
      `${checks.length - failures.length} of ${checks.length} checks passed, on ${kernels.length} kernels.`,
    );
  }
  paragraphs.push(ok ? 'All is well.' : 'Something is wrong, as said above.');
  return paragraphs.join('\n\n');
}

function describeAdapter({ name, chosen, backend, driver, features, limits, ...adapter }: Adapter): string {
  const lines = [
    ['class', adapter.class],
    ['backend', backend],
    ['driver', driver || 'unknown'],
    ...Object.entries(FEATURES).map(([feature, use]) => [
      feature,
      `${features.includes(feature) ? 'yes' : 'no'} (${use})`,
    ]),
    ...Object.entries(limits).map(([limit, value]) => [limit, value.toLocaleString('en')]),
    ['other features', features.filter((feature) => !(feature in FEATURES)).join(', ')],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  const text = lines.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return [`${name}${chosen ? '  ← chosen' : ''}`, ...text].join('\n');
}

await main(command);
