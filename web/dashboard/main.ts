// The page of yy-train --dashboard: shows what the server tells.
import 'uplot/dist/uPlot.min.css';
import '../style/base.css';
import '../style/layout.css';
import '../style/controls.css';
import '../style/panels.css';
import '../style/pictures.css';
import '../style/tables.css';
import './dashboard.css';
import { parse } from 'devalue';
import type { DashboardEvent, Seen } from '../../src/cli/dashboard/events.ts';
import { percent } from '../../src/train/format.ts';
import { byId } from '../dom.ts';
import { insightPanel } from '../panels/insight.ts';
import { mapsPanel } from '../panels/maps.ts';
import { progressPanel } from '../panels/progress.ts';

const alert = byId('alert');
const status = byId('status');
const source = new EventSource('events');
let seen: Seen | undefined;

const progress = progressPanel();
const maps = mapsPanel({ see, attempt });
const insights = insightPanel(maps);

source.addEventListener('message', ({ data }) => hear(parse(data)));
source.addEventListener('error', () => {
  if (source.readyState !== EventSource.CLOSED) say('Training does not answer.');
});

function hear(event: DashboardEvent): void {
  switch (event.type) {
    case 'run':
      document.title = `${event.path}: yy-train`;
      byId('run').textContent = event.path;
      byId('summary').textContent = event.summary;
      progress.show(event.history);
      break;
    case 'progress': {
      const { phase, epoch, epochs } = event.progress;
      progress.progress(event.progress, event.point);
      say(`Epoch ${epoch} of ${epochs}: ${phase === 'train' ? 'training' : 'validating'}.`);
      break;
    }
    case 'epoch':
      progress.epoch(event.metrics);
      break;
    case 'insight':
      seen = event.seen;
      maps.showFilters(event.filters);
      insights.show(event.insight);
      break;
    case 'failed':
      complain(event.message);
      break;
    case 'ended': {
      source.close();
      const last = progress.history.epochs.at(-1);
      const accuracy = last ? ` The last validation accuracy is ${percent(last.val_accuracy)}.` : '';
      say(event.message + accuracy);
      document.title = `✓ ${document.title}`;
      break;
    }
  }
}

/** Says what is new; a screen reader reads it out. */
function say(text: string): void {
  if (status.textContent !== text) status.textContent = text;
}

/** The maps that came with the last insight, or else those the server computes between two steps. */
async function see(index: number): Promise<Seen> {
  if (index === seen?.index) return seen;
  if (source.readyState === EventSource.CLOSED)
    throw new Error('Training has ended: no other picture can be looked at.');
  const response = await fetch(`see/${index}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return parse(text);
}

async function attempt(action: () => Promise<void>): Promise<void> {
  alert.hidden = true;
  try {
    await action();
  } catch (error) {
    complain((error as Error).message);
  }
}

function complain(message: string): void {
  alert.querySelector('p')!.textContent = message;
  alert.hidden = false;
}
