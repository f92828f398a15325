// The page: panels over one worker, which computes.
import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/layout.css';
import './style/controls.css';
import './style/panels.css';
import './style/pictures.css';
import './style/tables.css';
import { byId } from './dom.ts';
import { Engine } from './engine.ts';
import { adapterPanel } from './panels/adapter.ts';
import { classifyPanel } from './panels/classify.ts';
import { dataPanel } from './panels/data.ts';
import { filesPanel } from './panels/files.ts';
import { insightPanel } from './panels/insight.ts';
import { kernelsPanel } from './panels/kernels.ts';
import { mapsPanel } from './panels/maps.ts';
import { runPanel } from './panels/run.ts';
import { savedPanel } from './panels/saved.ts';
import { settingsPanel } from './panels/settings.ts';
import { type Page, Store } from './state.ts';

const alert = byId('alert');

function complain(message: string): void {
  alert.querySelector('p')!.textContent = message;
  alert.hidden = false;
}

const page: Page = {
  engine: new Engine(),
  store: new Store(),
  async attempt(action) {
    alert.hidden = true;
    try {
      await action();
    } catch (error) {
      complain((error as Error).message);
    }
  },
};

alert.querySelector('button')!.addEventListener('click', () => {
  alert.hidden = true;
});
page.engine.on('failed', ({ message }) => complain(message));
page.engine.on('phase', ({ phase }) => page.store.update({ phase }));
page.engine.on('net', ({ net }) => page.store.update({ net }));

const settings = settingsPanel(page);
runPanel(page, settings);
const data = dataPanel(page);
const maps = mapsPanel({ ...page, see: (index) => page.engine.ask({ type: 'see', index }) });
const insights = insightPanel(maps);
page.engine.on('net', ({ filters }) => maps.showFilters(filters));
page.engine.on('insight', ({ insight }) => insights.show(insight));
page.store.watch(({ data }, before) => {
  if (data || !before.data) return;
  insights.hide();
  maps.clear();
});
classifyPanel(page);
filesPanel(page, settings);
kernelsPanel(page);
const saved = savedPanel(page, { settings, data });

const opened = await adapterPanel(page);
if (opened?.saved) saved.offer(opened.saved);
await page.attempt(() => data.open({ kind: 'shapes' }));
