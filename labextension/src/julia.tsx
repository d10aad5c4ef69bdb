import * as React from 'react';

import { useAsked, useDo, useLive, useServices } from './context';
import * as format from './format';
import { Badge, Button, Facts, Failure, Loading, Note, Progress } from './parts';

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
              <li key={name} className="jja-can">
                <span aria-hidden="true">✓</span> {name}
              </li>
            ))}
            {Object.entries(t.reason ?? {}).map(([name, why]) => (
              <li key={name} className="jja-cannot">
                <span aria-label={trans.__('not')}>✗</span> {name} <span className="jja-facts">{String(why)}</span>
              </li>
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
            ...(known.routes?.note ? [[trans.__('Notebook cells'), String(known.routes.note)] as [string, string]] : []),
            [trans.__('Checked'), doctor.value.checked ? format.moment(doctor.value.checked) : '–']
          ]}
        />
      )}
      {running && (
        <div className="jja-card">
          <div className="jja-line">
            <span className="jja-grow">{running.message || trans.__('Installing Julia…')}</span>
            <Button label={trans.__('Stop')} onClick={() => act(() => model.api.stopJob(running.id))} />
          </div>
          <div className="jja-pad">
            <Progress fraction={running.progress?.fraction ?? null} label={trans.__('Installing Julia')} />
          </div>
        </div>
      )}
      <div className="jja-run">
        <Button label={checking ? trans.__('Looking…') : trans.__('Look again')} disabled={checking} onClick={check} />
        <Button
          label={trans.__('Install Julia')}
          disabled={running !== undefined}
          onClick={() => act(() => model.api.startJob({ verb: 'setup' }))}
        />
      </div>
    </>
  );
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
