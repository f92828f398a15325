// The page of yy-train --dashboard: shows the events that the server sends.
import 'uplot/dist/uPlot.min.css';
import '../style/base.css';
import '../style/layout.css';
import '../style/controls.css';
import '../style/panels.css';
import '../style/pictures.css';
import '../style/tables.css';
import './dashboard.css';
import { parse } from 'devalue';
import type { DashboardEvent, PictureMaps } from '../../src/cli/dashboard/events.ts';
import { percent } from '../../src/report/format.ts';
import { byId } from '../dom.ts';
import { insightPanel } from '../panels/insight.ts';
import { mapsPanel } from '../panels/maps.ts';
import { progressPanel } from '../panels/progress.ts';

const alert = byId('alert');
const status = byId('status');
const source = new EventSource('events');
let latestMaps: PictureMaps | undefined;

const progress = progressPanel();
const maps = mapsPanel({ loadMaps, attempt });
const insights = insightPanel(maps);

source.addEventListener('message', ({ data }) => show(parse(data)));
source.addEventListener('error', () => {
  if (source.readyState !== EventSource.CLOSED) showStatus('No connection to yy-train.');
});

function show(event: DashboardEvent): void {
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
      showStatus(`Epoch ${epoch} of ${epochs}: ${phase === 'train' ? 'training' : 'validating'}.`);
      break;
    }
    case 'epoch':
      progress.epoch(event.metrics);
      break;
    case 'insight':
      latestMaps = event.pictureMaps;
      maps.showFilters(event.filters);
      insights.show(event.insight);
      break;
    case 'failed':
      showError(event.message);
      break;
    case 'ended': {
      source.close();
      const last = progress.history.epochs.at(-1);
      const accuracy = last ? ` The last validation accuracy is ${percent(last.val_accuracy)}.` : '';
      showStatus(event.message + accuracy);
      document.title = `✓ ${document.title}`;
      break;
    }
  }
}

/** Sets the status text. Repeated text is ignored, so that a screen reader does not announce it again. */
function showStatus(text: string): void {
  if (status.textContent !== text) status.textContent = text;
}

/** Returns the feature maps of a validation picture: those of the last insight event, or newly computed by the server. */
async function loadMaps(index: number): Promise<PictureMaps> {
  if (index === latestMaps?.index) return latestMaps;
  if (source.readyState === EventSource.CLOSED)
    throw new Error('Training has ended: feature maps of other pictures are not available.');
  const response = await fetch(`maps/${index}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return parse(text);
}

async function attempt(action: () => Promise<void>): Promise<void> {
  alert.hidden = true;
  try {
    await action();
  } catch (error) {
    showError((error as Error).message);
  }
}

function showError(message: string): void {
  alert.querySelector('p')!.textContent = message;
  alert.hidden = false;
}
