#!/usr/bin/env node
import { measureRoofline } from '../../kernels/roofline/measure.ts';
import { version } from '../../package.json';
import { table } from '../report/table.ts';
import type { AdapterSummary } from '../runtime/adapter.ts';
import type { Device } from '../runtime/device.ts';
import { GpuError, UserError } from '../runtime/errors.ts';
import { listNodeAdapters, openNodeDevice, requestNodeAdapter } from '../runtime/node.ts';
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

/** An adapter with the limits that decide which nets fit and which tiles kernels use. */
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

/** Optional features that the engine uses, and their purpose. */
const FEATURES = {
  'shader-f16': 'mixed precision',
  'timestamp-query': 'timing of kernels',
  subgroups: 'weights loaded once for several threads',
} as const;

interface Report {
  readonly yynet: string;
  readonly node: string;
  readonly platform: string;
  readonly adapters: readonly Adapter[];
  /** Why the engine cannot run, or runs slowly. */
  readonly advice?: string;
  readonly roofline?: { readonly gflop_s: number; readonly gb_s: number };
  readonly self_test?: SelfTest;
  readonly ok: boolean;
}

const command = createCommand('yy-doctor', 'Lists the WebGPU adapters and tests every kernel on one of them.')
  .addOption(adapterOption())
  .option('--json', 'print the report as JSON')
  .addHelpText(
    'after',
    `
The exit code is 1 if there is no adapter or a kernel returns wrong results.

Examples:
  yy-doctor                         list all adapters, test the one that yy-train uses
  yy-doctor --adapter swiftshader   test another one
  yy-doctor --json > report.json    attach this file to a question`,
  )
  .action(run);

async function run({ adapter, json }: Options): Promise<void> {
  const report = await createReport(adapter);
  console.log(json ? JSON.stringify(report, null, 2) : describe(report));
  if (!report.ok) process.exitCode = 1;
}

async function createReport(adapterName: string): Promise<Report> {
  const system = { yynet: version, node: process.version, platform: `${process.platform} ${process.arch}` };
  let adapters: Adapter[] = [];
  try {
    adapters = await listAdapters();
    const choice = await requestNodeAdapter({ adapter: adapterName });
    adapters = adapters.map((found) => ({ ...found, chosen: found.name === choice.info.name }));
    const device = await openNodeDevice(choice);
    const roofline = device.gpu.features.has('timestamp-query') ? await measureSpeed(device) : undefined;
    const checks = [...opChecks, ...trainingChecks, ...netChecks(device)];
    const progress = new DataLine();
    const onCheck = (done: number) => progress.update({ task: 'testing kernels', done, total: checks.length });
    const test = await selfTest(device, checks, onCheck).finally(() => progress.stop());
    const ok = test.checks.every((check) => check.ok);
    return { ...system, adapters, advice: choice.notice, roofline, self_test: test, ok };
  } catch (error) {
    if (!(error instanceof UserError || error instanceof GpuError)) throw error;
    return { ...system, adapters, advice: error.message, ok: false };
  }
}

async function measureSpeed(device: Device): Promise<Report['roofline']> {
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
      `Measured roofline: ${gflop_s.toFixed(1)} GFLOP/s in registers, ${gb_s.toFixed(1)} GB/s memory copy.`,
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
    paragraphs.push(table([['kernel', 'result', 'runs', 'ms'], ...rows]));
    const failures = checks.filter((check) => !check.ok);
    paragraphs.push(
      ...failures.map(
        ({ check, error, problem }) => `WRONG: ${check}: ${problem ?? `relative error ${error?.toPrecision(2)}`}`,
      ),
      `${checks.length - failures.length} of ${checks.length} checks of ${kernels.length} kernels passed.`,
    );
  }
  paragraphs.push(ok ? 'No problems found.' : 'There are problems: see above.');
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
