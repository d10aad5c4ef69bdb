import { JupyterFrontEnd } from '@jupyterlab/application';
import { Clipboard, Dialog, MainAreaWidget, Notification, showDialog } from '@jupyterlab/apputils';
import { PageConfig, PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { IActions, IMemory, IServices } from './context';
import { juliaIcon } from './icons';
import { codeCell } from './magics';
import { PanelModel } from './model';
import { currentNotebook, insertCell, runCell, tellKernels } from './notebook';
import { RunWidget } from './panel';
import { SettingsSync } from './settings';
import { IBuild } from './types';

/** What the panel's buttons do in JupyterLab (or, without its shell, in Notebook 7). */
export function makeServices(options: {
  app: JupyterFrontEnd;
  hasLabShell: boolean;
  tracker: INotebookTracker | null;
  model: PanelModel;
  memory: IMemory;
  sync: Promise<SettingsSync>;
  trans: TranslationBundle;
}): IServices {
  const { app, tracker, model, memory, trans, hasLabShell } = options;

  const open = (id: string): void => {
    const widgetId = `julia-aot-run-${id}`;
    if (!hasLabShell) {
      // Notebook 7's main area holds one document: a run is shown above it.
      const dialog = new Dialog({
        title: trans.__('Run'),
        body: new RunWidget(services, id, () => dialog.dispose()),
        buttons: [Dialog.okButton({ label: trans.__('Close') })]
      });
      void dialog.launch();
      return;
    }
    for (const widget of app.shell.widgets('main')) {
      if (widget.id === widgetId) {
        app.shell.activateById(widgetId);
        return;
      }
    }
    const content = new RunWidget(services, id, () => widget.dispose());
    const widget = new MainAreaWidget({ content });
    widget.id = widgetId;
    widget.toolbar.hide(); // it would be an empty strip
    widget.title.label = trans.__('Run');
    widget.title.icon = juliaIcon;
    widget.title.closable = true;
    app.shell.add(widget, 'main');
    void model.api.run(id).then(
      run => (widget.title.label = run.summary.name || trans.__('Run')),
      () => undefined // the view itself says what is wrong
    );
  };

  const actions: IActions = {
    openRun: open,
    insertCell: async code => {
      const panel = currentNotebook(tracker);
      insertCell(panel, codeCell(code));
      app.shell.activateById(panel.id);
    },
    accept: async candidate => {
      const panel = currentNotebook(tracker);
      app.shell.activateById(panel.id);
      await runCell(panel, `%julia accept ${candidate.id}`);
    },
    rerun: async id => {
      const { prompt } = await model.api.run(id);
      if (prompt) {
        await model.api.startJob({
          verb: 'gen',
          name: prompt.name,
          request: prompt.request,
          tests: prompt.oracle?.language === 'julia' ? prompt.oracle.source : ''
        });
        actions.notify(trans.__('Asked again; see Now.'));
      }
    },
    copy: text => {
      Clipboard.copyToSystem(text);
      actions.notify(trans.__('Copied.'));
    },
    download: (build, what = 'download') => {
      const { id, name, path } = build.result.artifact;
      const link = document.createElement('a');
      link.href = model.api.downloadUrl(id, what);
      link.download = what === 'bundle' ? `${name}.zip` : PathExt.basename(path);
      link.click();
    },
    reveal: build => reveal(app, build, trans, actions),
    confirm: async (title, body, button) => {
      const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label: button })];
      return (await showDialog({ title, body, buttons })).button.accept;
    },
    changeSettings: async values => {
      await (await options.sync).set(values);
      tellKernels(tracker, values);
    },
    notify: (message, error) => {
      if (error) {
        Notification.error(message, { autoClose: 8000 });
      } else {
        Notification.success(message, { autoClose: 3000 });
      }
    }
  };
  const services: IServices = { model, actions, memory, trans };
  return services;
}

function reveal(app: JupyterFrontEnd, build: IBuild, trans: TranslationBundle, actions: IActions): void {
  const { path } = build.result.artifact;
  const root = PageConfig.getOption('serverRoot').replace(/\/$/, '');
  if (root && path.startsWith(`${root}/`) && app.commands.hasCommand('filebrowser:go-to-path')) {
    void app.commands.execute('filebrowser:go-to-path', { path: path.slice(root.length + 1) });
    return;
  }
  Clipboard.copyToSystem(path);
  actions.notify(trans.__('It lies outside the file browser; its path was copied: %1', path));
}
