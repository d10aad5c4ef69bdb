/** Working on the notebook in front: cells and its kernel. */

import { INotebookTracker, NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';

import { RequestError } from './request';
import { strings } from './strings';

const LOAD = 'get_ipython().extension_manager.load_extension("jupyter_julia_aot")';

/** The notebook in front. Raises `RequestError` when there is none. */
export function currentNotebook(tracker: INotebookTracker | null): NotebookPanel {
  const panel = tracker?.currentWidget;
  if (!panel || !panel.content.model) {
    const trans = strings();
    throw new RequestError(trans.__('No notebook is open.'), trans.__('Open one, then try again.'));
  }
  return panel;
}

/** Put a cell below the active one (or into it when it is empty) and make it the active one. */
export function insertCell(panel: NotebookPanel, source: string): void {
  const notebook = panel.content;
  if (notebook.activeCell?.model.sharedModel.getSource().trim()) {
    NotebookActions.insertBelow(notebook);
  }
  NotebookActions.changeCellType(notebook, 'code');
  notebook.activeCell?.model.sharedModel.setSource(source);
  notebook.mode = 'command';
}

/** Insert a cell and run it, with our magics loaded first. */
export async function runCell(panel: NotebookPanel, source: string): Promise<void> {
  await loadMagics(panel);
  insertCell(panel, source);
  await NotebookActions.run(panel.content, panel.sessionContext);
}

/** Load our magics into the notebook's kernel, when they are not there yet. */
export async function loadMagics(panel: NotebookPanel): Promise<void> {
  const trans = strings();
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) {
    throw new RequestError(trans.__('The notebook has no kernel.'), trans.__('Choose a Python kernel.'));
  }
  const info = await kernel.info;
  if (info.language_info.name !== 'python') {
    throw new RequestError(
      trans.__("The notebook's kernel speaks %1, not Python.", info.language_info.name),
      trans.__('Choose a Python kernel with jupyter_julia_aot.')
    );
  }
  await quietly(kernel, LOAD);
}

/** Run Python in a kernel without a trace in its history. */
async function quietly(kernel: Kernel.IKernelConnection, code: string): Promise<void> {
  const reply = await kernel.requestExecute({ code, silent: true, store_history: false }).done;
  if (reply && reply.content.status === 'error') {
    const { ename, evalue } = reply.content as { ename: string; evalue: string };
    throw new RequestError(
      `${ename}: ${evalue}`,
      strings().__('Is jupyter_julia_aot installed for this kernel?')
    );
  }
}

/** Python that changes settings in a kernel that has our package loaded, and nothing elsewhere. */
export function settingsCode(values: Record<string, unknown>): string {
  const text = JSON.stringify(JSON.stringify(values));
  return (
    '(lambda m: m and [setattr(m.settings(), k, v) for k, v in ' +
    `__import__("json").loads(${text}).items()])` +
    '(__import__("sys").modules.get("jupyter_julia_aot.settings"))'
  );
}

/** Tell the kernels of all open notebooks about changed settings. */
export function tellKernels(tracker: INotebookTracker | null, values: Record<string, unknown>): void {
  tracker?.forEach(panel => {
    const kernel = panel.sessionContext.session?.kernel;
    if (kernel && kernel.status === 'idle') {
      // A kernel without our package, or of another language, has nothing to change.
      void quietly(kernel, settingsCode(values)).catch(() => undefined);
    }
  });
}
