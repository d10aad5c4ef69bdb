import { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useAsked, useDo, useLive, useServices } from './context';
import * as format from './format';
import { Badge, Button, Facts, Failure, IconButton, Loading, Note, Progress } from './parts';

/** Every Julia on this machine, what it can do, and why not the rest. */
export function JuliaSection(): JSX.Element {
  const { trans, model } = useServices();
  const act = useDo();
  const installs = useLive(state => state.jobs.filter(job => job.verb === 'setup'));
  const doctor = useAsked(() => model.api.doctor(), [installs.map(j => j.state).join()]);
  const [checking, setChecking] = React.useState(false);
  const check = () => {
    setChecking(true);
    act(async () => {
      await model.api.doctor(true).finally(() => setChecking(false));
      doctor.again();
    });
  };
  React.useEffect(() => {
    if (doctor.value && doctor.value.checked === null && !doctor.value.error) {
      check();
    }
  }, [doctor.value]);
  if (doctor.error) {
    return <Failure error={doctor.error} again={doctor.again} />;
  }
  if (!doctor.value || (checking && !doctor.value.doctor)) {
    return <Loading />;
  }
  const known = doctor.value.doctor as Record<string, any> | null;
  const toolchains = (known?.julia ?? []) as any[];
  const running = installs.find(job => job.state === 'running');
  return (
    <>
      {doctor.value.error && <Note kind="error" text={doctor.value.error} />}
      {known && toolchains.length === 0 && (
        <div className="jja-empty">{trans.__('There is no Julia on this machine yet.')}</div>
      )}
      {toolchains.map((t, i) => (
        <article className="jja-card" key={t.path ?? i}>
          <div className="jja-line">
            <span className="jja-name">{`Julia ${t.version}`}</span>
            <span className="jja-facts">{t.source}</span>
            {i === 0 && <Badge kind="done" label={trans.__('in use')} />}
          </div>
          <div className="jja-facts jja-pad jja-path">{t.path}</div>
          <ul className="jja-capabilities">
            {(t.capabilities ?? []).map((name: string) => (
              <Capability key={name} name={name} can text={purpose(name, trans)} />
            ))}
            {Object.entries(t.reason ?? {}).map(([name, why]) => (
              <Capability key={name} name={name} can={false} text={String(why)} />
            ))}
          </ul>
        </article>
      ))}
      {(known?.problems ?? []).map((p: any, i: number) => (
        <Note key={i} kind="warning" text={String(p.what)} remedy={String(p.remedy ?? '')} />
      ))}
      {known && (
        <Facts
          facts={[
            [trans.__('Sandbox'), sandboxText(known.sandbox, trans.__('none works here'))],
            [trans.__('Devices'), (known.devices ?? []).map(deviceText).join(', ') || trans.__('CPU only')],
            [trans.__('C compiler'), known.compiler ?? '–'],
            [
              trans.__('Cells run in'),
              known.routes?.in_process
                ? trans.__("the notebook's process, Julia %1", known.routes.in_process)
                : known.routes?.worker
                  ? trans.__('a process of their own, Julia %1', known.routes.worker)
                  : '–'
            ],
            [trans.__('Checked'), doctor.value.checked ? format.moment(doctor.value.checked) : '–']
          ]}
        />
      )}
      {running && (
        <div className="jja-card">
          <div className="jja-line">
            <span className="jja-grow">{running.message || trans.__('Installing Julia…')}</span>
            <IconButton
              icon={stopIcon}
              label={trans.__('Stop installing Julia')}
              onClick={() => act(() => model.api.stopJob(running.id))}
            />
          </div>
          <div className="jja-pad">
            <Progress fraction={running.progress?.fraction ?? null} label={trans.__('Installing Julia')} />
          </div>
        </div>
      )}
      <div className="jja-run">
        <Button
          label={trans.__('Install Julia')}
          title={trans.__('Fetch a Julia of our own, apart from others; it goes on when you close this tab')}
          primary={known !== null && toolchains.length === 0}
          disabled={running !== undefined}
          onClick={() => act(() => model.api.startJob({ verb: 'setup' }))}
        />
        <IconButton
          icon={refreshIcon}
          label={checking ? trans.__('Looking…') : trans.__('Look again')}
          disabled={checking}
          onClick={check}
        />
      </div>
    </>
  );
}

function Capability(props: { name: string; can: boolean; text: string }): JSX.Element {
  const { trans } = useServices();
  return (
    <li className={props.can ? 'jja-can' : 'jja-cannot'}>
      <span aria-label={props.can ? trans.__('can') : trans.__('cannot')} role="img">
        {props.can ? '✓' : '✗'}
      </span>
      <span>
        {/* Most reasons name what they are about themselves. */}
        {!props.text.toLowerCase().startsWith(props.name) && <>{props.name} </>}
        <span className="jja-facts">{props.text}</span>
      </span>
    </li>
  );
}

/** What a capability is good for. */
function purpose(name: string, trans: TranslationBundle): string {
  const known: Record<string, string> = {
    trial: trans.__('proves candidates in the sandbox'),
    juliacall: trans.__("runs in the notebook's process"),
    juliac: trans.__('compiles to small binaries'),
    packagecompiler: trans.__('compiles apps and libraries'),
    sysimage: trans.__('compiles programs that carry Julia')
  };
  return known[name] ?? '';
}

function sandboxText(sandbox: any, none: string): string {
  if (!sandbox?.name) {
    return none;
  }
  const way = (sandbox.ways ?? []).find((w: any) => w.name === sandbox.name);
  const lacks = (way?.degraded ?? []) as string[];
  return lacks.length ? `${sandbox.name} (${lacks.join('; ')})` : String(sandbox.name);
}

/** A device in words: `NVIDIA H200 (cuda, 139.0 GiB)`, with the reason when it cannot be used. */
function deviceText(device: any): string {
  if (typeof device !== 'object' || device === null) {
    return String(device);
  }
  const bytes = Number(device.memory_bytes ?? device.bytes ?? 0);
  const name = String(device.name ?? device.kind ?? '?');
  const more = [
    device.kind !== name && device.kind,
    device.count > 1 && `× ${device.count}`,
    bytes > 0 && format.bytes(bytes),
    device.reason
  ].filter(Boolean);
  return more.length ? `${name} (${more.join(', ')})` : name;
}
