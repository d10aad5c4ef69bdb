import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useAsked, useDo, useLive, useServices } from './context';
import * as format from './format';
import { Button, Facts, Failure, IconButton, Loading, Note } from './parts';
import { IModelInUse, IModelInfo } from './types';

const LOW_CACHE = 0.05;

/** Which model answers, how fast, and switching to another one. */
export function ModelSection(): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const version = useLive(state => state.historyVersion);
  const doctor = useAsked(() => model.api.doctor(), []);
  const settings = useAsked(() => model.api.readSettings(), []);
  const state = useAsked(() => model.api.model(), [version], 300);
  const [checking, setChecking] = React.useState(false);
  const [wanted, setWanted] = React.useState<string | null>(null);
  const serving = useLive(jobs => jobs.jobs.find(j => j.verb === 'serve' && j.state === 'running') ?? null);
  const served = servedUrl(serving?.message);
  // Started from here: it is taken into use as soon as it answers.
  const takeOver = React.useRef(false);
  const check = () => {
    setChecking(true);
    act(async () => {
      await model.api.doctor(true).finally(() => setChecking(false));
      doctor.again();
    });
  };
  const known = doctor.value?.doctor ?? null;
  React.useEffect(() => {
    if (doctor.value && doctor.value.checked === null && !doctor.value.error) {
      check();
    }
  }, [doctor.value]);
  if (state.error) {
    return <Failure error={state.error} again={state.again} />;
  }
  if (!state.value || !settings.value) {
    return settings.error ? <Failure error={settings.error} again={settings.again} /> : <Loading />;
  }
  const chosen = wanted ?? String(settings.value.values.base_url ?? '');
  const info = known?.model ?? null;
  const unique = serversOf(known?.models ?? [], info, served);
  const current = unique.find(s => s.base_url === chosen) ?? (chosen ? null : info);
  const { tokens_per_second, cached_share, warnings } = state.value;
  const use = (base_url: string, name: string) =>
    act(async () => {
      // Shown at once; what the server says of it comes after.
      setWanted(base_url);
      await actions.changeSettings({ base_url, model: name }).catch(reason => {
        setWanted(null);
        throw reason;
      });
      settings.again();
      check();
    });
  return (
    <>
      <Serving url={served} takeOver={takeOver} use={url => use(url, '')} />
      <Facts
        facts={[
          [
            trans.__('Model'),
            String(settings.value.values.model || current?.model || state.value.model || '–')
          ],
          [trans.__('Server'), chosen || current?.base_url || trans.__('embedded: starts when needed, stops when idle')],
          [trans.__('Chosen by'), (chosen ? '' : info?.origin) || settings.value.origins.base_url],
          [
            trans.__('Context'),
            [
              current?.context_tokens ? trans.__('%1 tokens', format.count(current.context_tokens)) : '',
              current?.slots ? trans._n('%1 slot', '%1 slots', current.slots) : ''
            ]
              .filter(Boolean)
              .join(' · ') || trans.__('the server does not say')
          ],
          [
            trans.__('Speed'),
            tokens_per_second === null
              ? trans.__('not measured yet')
              : trans.__('%1 tokens/s (last %2 runs)', format.rate(tokens_per_second), state.value.runs)
          ],
          [
            trans.__('From cache'),
            cached_share === null
              ? trans.__('not measured yet')
              : trans.__('%1 of the prompts', format.percent(cached_share))
          ]
        ]}
      />
      {info?.usable === false && info.reason && (
        <Note kind="error" text={info.reason} remedy={info.remedy} />
      )}
      {warnings.slice(-3).map((w, i) => (
        <Note key={i} kind="warning" text={w.message} remedy={w.remedy} />
      ))}
      {cached_share !== null && cached_share < LOW_CACHE && state.value.runs >= 5 && (
        <Note
          kind="warning"
          text={trans.__('The server takes almost nothing of the prompts from its cache.')}
          remedy={trans.__('Give it more slots or a larger cache (llama.cpp: --parallel, --ctx-size).')}
        />
      )}
      <fieldset className="jja-choices">
        <legend>{trans.__('Which server')}</legend>
        <label>
          <input type="radio" name="jja-server" checked={chosen === ''} onChange={() => use('', '')} />
          <span>
            {trans.__('Automatic')}{' '}
            <span className="jja-facts">{trans.__('a server found here, else the embedded model')}</span>
          </span>
        </label>
        {unique.map(server => (
          <label key={server.base_url}>
            <input
              type="radio"
              name="jja-server"
              checked={chosen === server.base_url}
              onChange={() => use(server.base_url, server.model ?? '')}
            />
            <span>
              {server.model || (server.server === 'embedded' ? trans.__('the embedded model') : server.base_url)}{' '}
              <span className="jja-facts">
                {[server.server !== 'unknown' && server.server, server.base_url].filter(Boolean).join(' · ')}
              </span>
            </span>
          </label>
        ))}
        <OtherServer current={chosen} use={use} known={unique.map(s => s.base_url)}>
          <IconButton
            icon={refreshIcon}
            label={checking ? trans.__('Looking for servers…') : trans.__('Look for servers again')}
            disabled={checking}
            onClick={check}
          />
        </OtherServer>
      </fieldset>
      <div className="jja-run">
        {serving === null ? (
          <Button
            label={trans.__('Start the embedded model')}
            title={trans.__('As a server for every notebook; it goes on when you close this tab')}
            onClick={() =>
              act(async () => {
                takeOver.current = true;
                await model.api.startJob({ verb: 'serve' });
              })
            }
          />
        ) : (
          <Button
            label={served ? trans.__('Stop the embedded model') : trans.__('Starting… stop it')}
            onClick={() =>
              act(async () => {
                await model.api.stopJob(serving.id);
                if (chosen === served) {
                  use('', '');
                }
              })
            }
          />
        )}
        <Button
          label={trans.__('Test prompt')}
          title={trans.__('Ask for a function that adds one, once')}
          onClick={() =>
            act(async () => {
              await model.api.startJob({
                verb: 'gen',
                name: 'add_one',
                request: 'Add one to a number.',
                tests: '@test add_one(1) == 2',
                n: 1,
                repair: 0
              });
              actions.notify(trans.__('Asked; see Now.'));
            })
          }
        />
      </div>
      {doctor.value?.error && <Note kind="error" text={doctor.value.error} />}
    </>
  );
}

/** The address in the line with which `serve` says that it is ready. */
function servedUrl(message: string | undefined): string {
  return /^serving (http:\/\/127\.0\.0\.1:\d+\/v1)$/.exec(message ?? '')?.[1] ?? '';
}

/** Every server that can be chosen, each once: those found, the one in use, the one we started. */
function serversOf(found: IModelInfo[], info: IModelInUse | null, served: string): IModelInfo[] {
  const all = [...found];
  if (info?.base_url && info.usable) {
    all.unshift({ ...info, base_url: info.base_url, model: info.model ?? '' });
  }
  if (served) {
    all.push({ base_url: served, model: '', source: 'embedded', server: 'embedded' });
  }
  return all.filter((s, i) => all.findIndex(o => o.base_url === s.base_url) === i);
}

/** Takes the server that was started here into use when it is ready. Draws nothing. */
function Serving(props: {
  url: string;
  takeOver: React.MutableRefObject<boolean>;
  use: (url: string) => void;
}): null {
  React.useEffect(() => {
    if (props.url && props.takeOver.current) {
      props.takeOver.current = false;
      props.use(props.url);
    }
  }, [props.url]);
  return null;
}

function OtherServer(props: {
  current: string;
  known: string[];
  use: (url: string, model: string) => void;
  children: React.ReactNode;
}): JSX.Element {
  const { trans } = useServices();
  const own = props.current !== '' && !props.known.includes(props.current);
  const [url, setUrl] = React.useState(own ? props.current : '');
  return (
    <div className="jja-line">
      <input
        className="jja-input"
        aria-label={trans.__('Address of another server')}
        placeholder="http://127.0.0.1:8080/v1"
        value={url}
        spellCheck={false}
        onChange={e => setUrl(e.target.value)}
      />
      <Button
        label={own && url === props.current ? trans.__('In use') : trans.__('Use')}
        disabled={!/^https?:\/\/\S+$/.test(url) || url === props.current}
        onClick={() => props.use(url.trim(), '')}
      />
      {props.children}
    </div>
  );
}
