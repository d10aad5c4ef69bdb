/** Cells that begin with our magics get Julia's (or prose's) colours. */

import { ICellModel } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { cellMimeType } from './magics';

/** Watch every notebook that is or will be open. */
export function highlightMagics(tracker: INotebookTracker): void {
  tracker.forEach(watch);
  tracker.widgetAdded.connect((_, panel) => watch(panel));
}

function watch(panel: NotebookPanel): void {
  void panel.revealed.then(() => {
    const model = panel.content.model;
    if (!model) {
      return;
    }
    const watched = new WeakSet<ICellModel>();
    const all = () => {
      for (const cell of model.cells) {
        if (!watched.has(cell)) {
          watched.add(cell);
          const again = () => colour(cell);
          cell.contentChanged.connect(again);
          // The notebook sets the kernel's language when the kernel starts or changes.
          cell.mimeTypeChanged.connect(again);
        }
        colour(cell);
      }
    };
    const ours = new WeakSet<ICellModel>();
    const colour = (cell: ICellModel) => {
      if (cell.type !== 'code') {
        return;
      }
      const wanted = cellMimeType(cell.sharedModel.getSource());
      if (wanted !== null) {
        ours.add(cell);
        cell.mimeType = wanted;
      } else if (ours.delete(cell)) {
        cell.mimeType = panel.content.codeMimetype;
      }
    };
    model.cells.changed.connect(all);
    all();
  });
}
