import { activationKinds, picturesRecipe, presets, shapesRecipe, YYNet } from '../../src/index.ts';
import { fittingBatchSize } from '../../src/train/recipe.ts';
import { byId } from '../dom.ts';
import type { Settings } from '../messages.ts';
import type { Page, State } from '../state.ts';

type Fields = { [K in keyof Settings]: HTMLInputElement | HTMLSelectElement };

/** The form with the settings of net and recipe. */
export interface SettingsPanel {
  read(): Settings;
  write(settings: Settings): void;
}

export function settingsPanel({ store }: Page): SettingsPanel {
  const form = byId<HTMLFormElement>('setup');
  const fields = form.elements as unknown as Fields;
  const summary = byId('net-summary');
  (fields.activation as HTMLSelectElement).replaceChildren(...activationKinds.map((kind) => new Option(kind)));

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
    summary.textContent = `YYNet-${channels}: ${parameterCount.toLocaleString('en')} parameters. ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, batch size ${batchSize}, learning rate up to ${learningRate}.`;
  };

  const write = (settings: Settings) => {
    const { channels } = fields;
    const width = String(settings.channels);
    const listed = [...(channels as HTMLSelectElement).options].some(({ value }) => value === width);
    if (!listed) (channels as HTMLSelectElement).add(new Option(width));
    for (const [name, value] of Object.entries(settings)) fields[name as keyof Settings].value = String(value);
    describe();
  };

  const reset = () => {
    const { fusion, yin, activation, channels } = presets['yynet-16'];
    write({ ...defaultRecipe(store.state), fusion, yin, activation, channels, seed: 0 });
  };

  let defaults = defaultRecipe(store.state);
  /**
   * Writes the default recipe of other pictures. What the user has changed stays, unless one of the built-in data set and
   * the user's own takes the place of the other.
   */
  const updateRecipe = (replace: boolean) => {
    const next = defaultRecipe(store.state);
    const current = read();
    const names = Object.keys(next) as (keyof typeof next)[];
    const changed = names.filter((name) => replace || current[name] === defaults[name]);
    write({ ...current, ...Object.fromEntries(changed.map((name) => [name, next[name]])) });
    defaults = next;
  };

  form.addEventListener('input', describe);
  byId('defaults').addEventListener('click', reset);
  store.watch(({ f16, data, source }, previous) => {
    (fields.precision as HTMLSelectElement).options[1].disabled = !f16;
    const replace = (source === 'shapes') !== (previous.source === 'shapes');
    if (replace || (data && data !== previous.data)) updateRecipe(replace);
    describe();
  });
  reset();
  return { read, write };
}

function defaultRecipe({ source, data }: State) {
  const recipe = source === 'shapes' ? shapesRecipe : picturesRecipe;
  const { epochs, learningRate, precision } = recipe;
  return { epochs, batchSize: fittingBatchSize(recipe, data?.train ?? Infinity), learningRate, precision };
}
