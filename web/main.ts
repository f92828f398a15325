// The page: panels that share one worker, which does all computation.
import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/layout.css';
import './style/controls.css';
import './style/panels.css';
import './style/pictures.css';
import './style/cards.css';
import './style/tables.css';
import { byId } from './dom.ts';
import { adapterPanel } from './panels/adapter.ts';
import { advicePanel } from './panels/advice.ts';
import { classifyPanel } from './panels/classify.ts';
import { dataPanel } from './panels/data.ts';
import { filesPanel } from './panels/files.ts';
import { insightPanel } from './panels/insight.ts';
import { kernelsPanel } from './panels/kernels.ts';
import { mapsPanel } from './panels/maps.ts';
import { runPanel } from './panels/run.ts';
import { savedPanel } from './panels/saved.ts';
import { settingsPanel } from './panels/settings.ts';
import { viewSwitch } from './panels/view.ts';
import { type Page, Store } from './state.ts';
import { WorkerClient } from './worker_client.ts';

const alert = byId('alert');

function showError(message: string): void {
  alert.querySelector('p')!.textContent = message;
  alert.hidden = false;
}

const page: Page = {
  worker: new WorkerClient(),
  store: new Store(),
  async attempt(action) {
    alert.hidden = true;
    try {
      await action();
    } catch (error) {
      showError((error as Error).message);
    }
  },
};

alert.querySelector('button')!.addEventListener('click', () => {
  alert.hidden = true;
});
page.worker.on('failed', ({ message }) => showError(message));
page.worker.on('phase', ({ phase }) => page.store.update({ phase }));
page.worker.on('net', ({ net }) => page.store.update({ net }));

viewSwitch();
const settings = settingsPanel(page);
const data = await dataPanel(page);
runPanel(page, data, settings);
advicePanel(page);
const maps = mapsPanel({ ...page, loadMaps: (index) => page.worker.request({ type: 'maps', index }) });
const insights = insightPanel(maps);
page.worker.on('net', ({ filters }) => maps.showFilters(filters));
page.worker.on('insight', ({ insight }) => insights.show(insight));
page.store.watch(({ data }, previous) => {
  if (data || !previous.data) return;
  insights.hide();
  maps.clear();
});
classifyPanel(page);
filesPanel(page, settings);
kernelsPanel(page);
const saved = savedPanel(page, { settings, data });

const opened = await adapterPanel(page);
await page.attempt(() => data.begin());
if (opened?.saved) saved.offer(opened.saved);
