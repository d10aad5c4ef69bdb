import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { makeServices } from './actions';
import { Api } from './api';
import { addCommands } from './commands';
import { highlightMagics } from './highlight';
import { Memory } from './memory';
import { PanelModel } from './model';
import { Panel } from './panel';
import { keepViewsReadable } from './savedViews';
import { SettingsSync } from './settings';
import { setStrings } from './strings';

const PLUGIN_ID = 'jupyter-julia-aot:plugin';

/** The side panel with its commands and settings. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Side panel, commands and settings of jupyter_julia_aot.',
  autoStart: true,
  optional: [
    ILabShell,
    ILayoutRestorer,
    INotebookTracker,
    ICommandPalette,
    ILauncher,
    ISettingRegistry,
    IStateDB,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    tracker: INotebookTracker | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    registry: ISettingRegistry | null,
    stateDB: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_julia_aot');
    setStrings(trans);
    const api = new Api(app.serviceManager.serverSettings);
    const model = new PanelModel(api);
    const memory = new Memory(stateDB);
    const failed = (reason: any) => {
      Notification.error(String(reason?.message ?? reason), { autoClose: 8000 });
    };
    const sync = (async () => {
      const settings = registry ? await registry.load(PLUGIN_ID) : null;
      const made = new SettingsSync(api, settings, failed);
      // Not needed to draw the page, so not in its way.
      void app.restored.then(() => made.start()).catch(() => undefined);
      return made;
    })();
    const services = makeServices({
      app,
      hasLabShell: labShell !== null,
      tracker,
      model,
      memory,
      sync,
      trans
    });
    const panel = new Panel(services, memory.ready);
    app.shell.add(panel, labShell ? 'left' : 'right', { rank: 600, type: 'Julia' });
    restorer?.add(panel, panel.id);
    addCommands({ app, services, tracker, palette, launcher });
  }
};

/** Julia's colours in cells that begin with our magics. */
const highlighting: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-julia-aot:highlighting',
  description: 'Colours cells that begin with %%julia… as Julia.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) => highlightMagics(tracker)
};

/** Widgets in notebooks that were closed and opened again. */
const savedViews: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-julia-aot:saved-views',
  description: 'Shows what a generation or build came to when its kernel is gone.',
  autoStart: true,
  requires: [INotebookTracker],
  activate: (_: JupyterFrontEnd, tracker: INotebookTracker) => keepViewsReadable(tracker)
};

export default [plugin, highlighting, savedViews];
