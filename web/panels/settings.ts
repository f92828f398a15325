import { paperRecipe, presets, shapesRecipe, YYNet } from '../../src/index.ts';
import { byId } from '../dom.ts';
import type { Settings } from '../messages.ts';
import type { Page, State } from '../state.ts';

type Fields = { [K in keyof Settings]: HTMLInputElement | HTMLSelectElement };

/** With fewer pictures than this, the paper's batches would make too few steps. */
const SMALL = 1000;

/** The form of the net and the recipe. */
export interface SettingsPanel {
  read(): Settings;
  write(settings: Settings): void;
}

export function settingsPanel({ store }: Page): SettingsPanel {
  const form = byId<HTMLFormElement>('setup');
  const fields = form.elements as unknown as Fields;
  const summary = byId('net-summary');

  const read = (): Settings => ({
    channels: Number(fields.channels.value),
    fusion: fields.fusion.value as Settings['fusion'],
    yin: fields.yin.value as Settings['yin'],
    activation: fields.activation.value as Settings['activation'],
    epochs: Number(fields.epochs.value),
    batchSize: Number(fields.batchSize.value),
    learningRate: Number(fields.learningRate.value),
    precision: fields.precision.value as Settings['precision'],
    seed: Number(fields.seed.value),
  });

  const describe = () => {
    const { channels, epochs, batchSize, learningRate } = read();
    const classes = store.state.data?.classes.length ?? 10;
    const { parameterCount } = new YYNet({ ...presets['yynet-16'], channels, bodyChannels: channels, classes });
    summary.textContent = `YYNet-${channels}: ${parameterCount.toLocaleString('en')} parameters. ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'} in batches of ${batchSize}, at a learning rate of up to ${learningRate}.`;
  };

  const write = (settings: Settings) => {
    const { channels } = fields;
    const width = String(settings.channels);
    const known = [...(channels as HTMLSelectElement).options].some(({ value }) => value === width);
    if (!known) (channels as HTMLSelectElement).add(new Option(width));
    for (const [name, value] of Object.entries(settings)) fields[name as keyof Settings].value = String(value);
    describe();
  };

  const reset = () => {
    const { fusion, yin, activation, channels } = presets['yynet-16'];
    write({ ...usualRecipe(store.state), fusion, yin, activation, channels, seed: 0 });
  };

  let usual = usualRecipe(store.state);
  /** Pictures of another kind or number bring their own recipe; what was set by hand stays otherwise. */
  const followPictures = () => {
    const next = usualRecipe(store.state);
    if (JSON.stringify(next) !== JSON.stringify(usual)) write({ ...read(), ...next });
    usual = next;
  };

  form.addEventListener('input', describe);
  byId('defaults').addEventListener('click', reset);
  store.watch(({ half, data }, before) => {
    (fields.precision as HTMLSelectElement).options[1].disabled = !half;
    if (data && data !== before.data) followPictures();
    describe();
  });
  reset();
  return { read, write };
}

/** The paper's recipe, scaled for the shapes; few pictures go in small batches. */
function usualRecipe({ data }: State) {
  const { epochs, learningRate, precision } = data && !data.builtIn ? paperRecipe : shapesRecipe;
  const { batchSize } = data && data.train >= SMALL ? paperRecipe : shapesRecipe;
  return { epochs, batchSize, learningRate, precision };
}
