import type { Profile } from '../report/profile.ts';
import type { Device } from '../runtime/device.ts';
import { profile, type Span } from '../runtime/profile.ts';
import { runParts, type StepPart } from './recorded_steps.ts';

/**
 * Times each dispatch of `steps` steps, after one untimed step: some adapters compile a kernel when it first runs.
 * @param next prepares a step and returns its parts
 */
export async function profileSteps(device: Device, next: () => StepPart[], steps: number): Promise<Profile> {
  const first = next();
  await runParts(first);
  const runs: Span[][] = [];
  for (let i = 0; i < steps; i++) {
    const spans: Span[] = [];
    for (const { recording, writeInputs, sent } of next()) {
      await writeInputs();
      spans.push(...(await profile(device, recording)));
      sent?.();
    }
    runs.push(spans);
  }
  return { commands: first.flatMap(({ recording }) => recording.commands), runs };
}
