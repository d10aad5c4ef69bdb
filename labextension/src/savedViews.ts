/** Views of a saved notebook: live while their kernel knows them, the static form when it does not. */

import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Panel } from '@lumino/widgets';

type Registry = NotebookPanel['content']['rendermime'];
type Factory = Parameters<Registry['addFactory']>[0];
type Renderer = ReturnType<Factory['createRenderer']>;
type Model = Parameters<Renderer['renderModel']>[0];

/** What our outputs carry beside the widget and the static form. */
export const VIEW = 'application/vnd.jupyter-julia-aot.view+json';
const WIDGET = 'application/vnd.jupyter.widget-view+json';
const STATIC = 'text/html';

// ipywidgets says "model not found" for a widget whose kernel is gone, and ranks itself -10.
const RANK = -20;

/** Let every notebook show our outputs through {@link SavedView}. */
export function keepViewsReadable(tracker: INotebookTracker): void {
  const add = (panel: NotebookPanel) => {
    const registry = panel.content.rendermime;
    const createRenderer = () => new SavedView(registry);
    registry.addFactory({ safe: false, mimeTypes: [VIEW], createRenderer }, RANK);
  };
  tracker.forEach(add);
  tracker.widgetAdded.connect((_, panel) => add(panel));
}

/** Both forms in one place; the style sheet shows the live one as soon as there is one. */
class SavedView extends Panel implements Renderer {
  constructor(registry: Registry) {
    super();
    this.addClass('jja-saved');
    this._registry = registry;
  }

  async renderModel(model: Model): Promise<void> {
    for (const type of [STATIC, WIDGET]) {
      if (type in model.data && (type === STATIC || this._registry.mimeTypes.includes(WIDGET))) {
        await this._part(type).renderModel(model);
      }
    }
  }

  private _part(type: string): Renderer {
    let part = this._parts.get(type);
    if (!part) {
      part = this._registry.createRenderer(type);
      part.addClass(type === STATIC ? 'jja-saved-static' : 'jja-saved-live');
      this._parts.set(type, part);
      this.addWidget(part);
    }
    return part;
  }

  private _registry: Registry;
  private _parts = new Map<string, Renderer>();
}
