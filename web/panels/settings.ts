import { activationKinds, picturesRecipe, presets, shapesRecipe, YYNet } from '../../src/index.ts';
import { fineTuning, fittingBatchSize } from '../../src/train/recipe.ts';
import { byId } from '../dom.ts';
import type { NetSummary, Settings } from '../messages.ts';
import { canStart, defaultStart, STARTING_NET } from '../start.ts';
import type { Page, State } from '../state.ts';

type Fields = { [K in keyof Settings]: HTMLInputElement | HTMLSelectElement };

/** The form with the settings of net and recipe. */
export interface SettingsPanel {
  read(): Settings;
  /** What the training of a net started from stays as it is where that is not known. */
  write(settings: NetSummary['settings']): void;
}

export function settingsPanel({ store }: Page): SettingsPanel {
  const form = byId<HTMLFormElement>('setup');
  const fields = form.elements as unknown as Fields;
  const summary = byId('net-summary');
  (fields.activation as HTMLSelectElement).replaceChildren(...activationKinds.map((kind) => new Option(kind)));

  /** What the user wants to start from, also while the net has another width. */
  let wanted: Settings['start'] = 'random';

  const read = (): Settings => ({
    start: fields.start.value as Settings['start'],
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
    const fits = canStart({ channels });
    (fields.start as HTMLSelectElement).options[0].disabled = !fits;
    fields.start.value = fits ? wanted : 'random';
    const why =
      fields.start.value === wanted
        ? ''
        : ` Its weights are random at first: ${STARTING_NET.title} has ${STARTING_NET.channels} channels.`;
    const classes = store.state.data?.classes.length ?? 10;
    const { parameterCount } = new YYNet({ ...presets['yynet-16'], channels, bodyChannels: channels, classes });
    summary.textContent = `YYNet-${channels}: ${parameterCount.toLocaleString('en')} parameters. ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, batch size ${batchSize}, learning rate up to ${learningRate}.${why}`;
  };

  const write = ({ start = wanted, ...settings }: NetSummary['settings']) => {
    wanted = start;
    const { channels } = fields;
    const width = String(settings.channels);
    const listed = [...(channels as HTMLSelectElement).options].some(({ value }) => value === width);
    if (!listed) (channels as HTMLSelectElement).add(new Option(width));
    for (const [name, value] of Object.entries(settings)) fields[name as keyof typeof settings].value = String(value);
    describe();
  };

  const reset = () => {
    const { fusion, yin, activation, channels } = presets['yynet-16'];
    write({ ...defaultsFor(store.state), fusion, yin, activation, channels, seed: 0 });
  };

  let defaults = defaultsFor(store.state);
  /**
   * Writes the default start and recipe of other pictures. What the user has changed stays, unless one of the built-in data
   * set and the user's own takes the place of the other.
   */
  const updateRecipe = (replace: boolean) => {
    const next = defaultsFor(store.state);
    const current = { ...read(), start: wanted };
    const names = Object.keys(next) as (keyof typeof next)[];
    const changed = names.filter((name) => replace || current[name] === defaults[name]);
    write({ ...current, ...Object.fromEntries(changed.map((name) => [name, next[name]])) });
    defaults = next;
  };

  form.addEventListener('input', ({ target }) => {
    if (target === fields.start) wanted = fields.start.value as Settings['start'];
    describe();
  });
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

function defaultsFor({ source, data }: State) {
  const start = defaultStart(source, data);
  const recipe = source === 'shapes' ? shapesRecipe : picturesRecipe;
  const pictures = data?.train ?? Infinity;
  const { epochs, batchSize, learningRate, precision } = {
    ...{ ...recipe, batchSize: fittingBatchSize(recipe, pictures) },
    ...(start !== 'random' && fineTuning(recipe, pictures)),
  };
  return { start, epochs, batchSize, learningRate, precision };
}
