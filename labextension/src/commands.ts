import { JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';

import { IServices } from './context';
import { juliaIcon } from './icons';
import { compileCell, generateCell } from './magics';
import { currentNotebook, insertCell, loadMagics, runCell } from './notebook';
import { PANEL_ID } from './panel';
import { RequestError } from './request';

export namespace CommandIDs {
  export const open = 'julia-aot:open-panel';
  export const generate = 'julia-aot:generate-cell';
  export const compile = 'julia-aot:compile-cell';
  export const stop = 'julia-aot:stop-all';
  export const tour = 'julia-aot:open-tour';
}

/** Register the commands; put them into the palette and the launcher. */
export function addCommands(options: {
  app: JupyterFrontEnd;
  services: IServices;
  tracker: INotebookTracker | null;
  palette: ICommandPalette | null;
  launcher: ILauncher | null;
}): void {
  const { app, services, tracker, palette, launcher } = options;
  const { trans, actions, model } = services;
  const { commands } = app;

  /** A command that tells what went wrong. */
  const guarded = (action: (args: any) => Promise<unknown>) => async (args: any) => {
    try {
      await action(args);
    } catch (reason) {
      const { message, remedy } = reason as RequestError;
      actions.notify(remedy ? `${message} → ${remedy}` : String(message), true);
    }
  };
  const source = () => tracker?.activeCell?.model.sharedModel.getSource() ?? '';

  commands.addCommand(CommandIDs.open, {
    label: trans.__('Show the Julia Panel'),
    icon: juliaIcon,
    execute: () => app.shell.activateById(PANEL_ID)
  });
  commands.addCommand(CommandIDs.generate, {
    label: args => (args.toolbar ? '' : trans.__('Generate Julia for This Cell')),
    caption: trans.__('Generate Julia for this cell: ask the model for what the cell says'),
    icon: juliaIcon,
    isEnabled: () => Boolean(tracker?.currentWidget),
    execute: guarded(async () => {
      const panel = currentNotebook(tracker);
      await loadMagics(panel);
      insertCell(panel, generateCell(source()));
      panel.content.mode = 'edit';
    })
  });
  commands.addCommand(CommandIDs.compile, {
    label: trans.__('Compile This Cell'),
    caption: trans.__('Compile the Julia of this cell into an executable'),
    icon: juliaIcon,
    isEnabled: () => compileCell(source()) !== null,
    execute: guarded(async () => {
      const cell = compileCell(source());
      if (cell === null) {
        throw new RequestError(
          trans.__('This cell holds no Julia.'),
          trans.__('Choose one that begins with %1, %2 or %3.', '%%julia_gen', '%%julia_trial', '%%juliac')
        );
      }
      await runCell(currentNotebook(tracker), cell);
    })
  });
  commands.addCommand(CommandIDs.stop, {
    label: trans.__('Stop All Julia Work'),
    execute: guarded(async () => {
      const now = await model.api.now();
      const stops = [
        ...now.runs.map(run => model.api.stopRun(run.summary.id)),
        ...now.jobs.filter(job => job.state === 'running').map(job => model.api.stopJob(job.id))
      ];
      // One that ended just now needs no stopping.
      await Promise.allSettled(stops);
    })
  });
  commands.addCommand(CommandIDs.tour, {
    label: args => (args.isPalette ? trans.__('Open a Julia Example Notebook') : trans.__('Julia tour')),
    caption: trans.__('Copy an example notebook here and open it'),
    icon: juliaIcon,
    execute: guarded(async args => {
      const known = await model.api.notebooks();
      if (known.length === 0) {
        throw new RequestError(trans.__('The example notebooks are not installed.'));
      }
      const chosen = await InputDialog.getItem({
        title: trans.__('Julia examples'),
        items: known.map(n => n.title)
      });
      const found = known.find(n => n.title === chosen.value);
      if (!chosen.button.accept || !found) {
        return;
      }
      const content = await model.api.notebook(found.id);
      const { contents } = app.serviceManager;
      const file = await contents.newUntitled({ path: String(args.cwd ?? ''), type: 'notebook' });
      const path = PathExt.join(PathExt.dirname(file.path), `${found.id}.ipynb`);
      const name = await contents.rename(file.path, path).then(
        renamed => renamed.path,
        () => file.path // there is one of that name already: keep the new, untitled one
      );
      await contents.save(name, { type: 'notebook', format: 'json', content });
      await commands.execute('docmanager:open', { path: name });
    })
  });

  const category = trans.__('Julia');
  for (const command of Object.values(CommandIDs)) {
    palette?.addItem({ command, category, args: { isPalette: true } });
  }
  launcher?.add({ command: CommandIDs.tour, category: trans.__('Other'), rank: 90 });
}
