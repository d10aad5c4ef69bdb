import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { BuildsSection } from './builds';
import { IServices, Services, useLive, useServices } from './context';
import { HistorySection } from './history';
import { juliaIcon } from './icons';
import { JuliaSection } from './julia';
import { LedgerSection } from './ledger';
import { ModelSection } from './modelSection';
import { Now } from './now';
import { Failure, Note } from './parts';
import { RunView } from './run';
import { Section } from './section';

export const PANEL_ID = 'julia-aot-panel';

/** The side panel. Nothing is asked of the server before it is first seen. */
export class Panel extends ReactWidget {
  constructor(
    private readonly _services: IServices,
    private readonly _ready: Promise<void>
  ) {
    super();
    const { trans } = _services;
    this.id = PANEL_ID;
    this.addClass('jja-panel');
    this.title.icon = juliaIcon;
    this.title.caption = trans.__('Julia ahead of time');
    this.node.setAttribute('role', 'complementary');
    this.node.setAttribute('aria-label', trans.__('Julia ahead of time'));
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._begin();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this._begin();
    }
  }

  private _begin(): void {
    if (this._begun) {
      return;
    }
    this._begun = true;
    void this._services.model.load();
    void this._ready.then(() => {
      this._remembered = true;
      this.update();
    });
  }

  protected render(): JSX.Element {
    return (
      <Services.Provider value={this._services}>
        {this._remembered ? <Sections /> : <></>}
      </Services.Provider>
    );
  }

  private _begun = false;
  private _remembered = false;
}

function Sections(): JSX.Element {
  const { trans, model } = useServices();
  const live = useLive((state, m) => ({
    error: m.error,
    loading: m.loading,
    connected: m.connected,
    busy: state.runs.length + state.jobs.filter(j => j.state === 'running').length
  }));
  if (live.error && !live.connected) {
    return (
      <div className="jja jja-sections">
        <Failure error={live.error} again={() => void model.load()} />
      </div>
    );
  }
  return (
    <div className="jja jja-sections">
      {!live.loading && !live.connected && (
        <Note
          kind="warning"
          text={trans.__('The connection to the server is lost.')}
          remedy={trans.__('It is tried again by itself.')}
        />
      )}
      <Section id="now" title={trans.__('Now')} hint={live.busy ? String(live.busy) : ''} openAtFirst>
        {() => <Now />}
      </Section>
      <Section id="model" title={trans.__('Model')}>
        {() => <ModelSection />}
      </Section>
      <Section id="julia" title={trans.__('Julia')}>
        {() => <JuliaSection />}
      </Section>
      <Section id="history" title={trans.__('History')} openAtFirst>
        {() => <HistorySection />}
      </Section>
      <Section id="builds" title={trans.__('Builds')}>
        {() => <BuildsSection />}
      </Section>
      <Section id="ledger" title={trans.__('Ledger')}>
        {() => <LedgerSection />}
      </Section>
    </div>
  );
}

/** One run of the history, in the main area or a dialog. */
export class RunWidget extends ReactWidget {
  constructor(
    private readonly _services: IServices,
    private readonly _id: string,
    private readonly _close: () => void
  ) {
    super();
    this.addClass('jja-run-widget');
    this.node.tabIndex = -1;
  }

  protected render(): JSX.Element {
    return (
      <Services.Provider value={this._services}>
        <RunView id={this._id} close={this._close} />
      </Services.Provider>
    );
  }
}
