import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { splitArguments } from './arguments';
import { useAsked, useDo, useLive, useServices } from './context';
import * as format from './format';
import { Badge, Button, Failure, Loading } from './parts';
import { treemap } from './treemap';
import { IArtifact, IBuild } from './types';

/** Everything that was compiled: sizes, running, downloading, deleting. */
export function BuildsSection(): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const version = useLive(state => state.buildsVersion);
  const builds = useAsked(() => model.api.builds(), [version], 50);
  if (builds.error) {
    return <Failure error={builds.error} again={builds.again} />;
  }
  if (!builds.value) {
    return <Loading />;
  }
  if (builds.value.length === 0) {
    return (
      <div className="jja-empty">
        {trans.__(
          'Nothing was compiled yet. A cell that begins with %1 makes an executable.',
          '%%juliac NAME'
        )}
      </div>
    );
  }
  const gone = builds.value.filter(build => !build.exists).length;
  return (
    <>
      {builds.value.map(build => (
        <Build key={build.result.artifact.id} build={build} again={builds.again} />
      ))}
      {gone > 0 && (
        <div className="jja-run">
          <Button
            label={trans.__('Prune')}
            title={trans._n('Forget %1 build whose file is gone', 'Forget %1 builds whose files are gone', gone)}
            onClick={() =>
              act(async () => {
                const { pruned } = await model.api.prune();
                actions.notify(trans._n('%1 build forgotten', '%1 builds forgotten', pruned));
                builds.again();
              })
            }
          />
        </div>
      )}
    </>
  );
}

function Build(props: { build: IBuild; again: () => void }): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const { build } = props;
  const { artifact } = build.result;
  const [open, setOpen] = React.useState(false);
  const [args, setArgs] = React.useState('');
  const seconds = build.result.stages.reduce((sum, s) => sum + s.seconds, 0);
  const remove = () =>
    act(async () => {
      const sure = await actions.confirm(
        trans.__('Delete %1?', artifact.name),
        trans.__('The file %1 is deleted from disk.', artifact.path),
        trans.__('Delete')
      );
      if (sure) {
        await model.api.deleteBuild(artifact.id);
        props.again();
      }
    });
  return (
    <article className="jja-card" aria-label={artifact.name} data-artifact={artifact.id}>
      <div className="jja-line">
        <button className="jja-open" aria-expanded={open} onClick={() => setOpen(!open)}>
          <span className="jja-name">{artifact.name}</span>
          <span className="jja-facts">{format.bytes(artifact.bundle_bytes ?? artifact.bytes)}</span>
        </button>
        <Badge {...badgeOf(build, trans)} />
      </div>
      <div className="jja-facts jja-pad">
        {[
          artifact.kind,
          artifact.backend,
          artifact.julia && `Julia ${artifact.julia}`,
          artifact.needs_julia ? trans.__('needs Julia') : trans.__('stands alone'),
          seconds > 0 && trans.__('built in %1', format.seconds(seconds)),
          format.moment(build.at)
        ]
          .filter(Boolean)
          .join(' · ')}
      </div>
      {open && (
        <div className="jja-body">
          <SizeMap artifact={artifact} />
          {build.exists && artifact.kind === 'exe' && (
            <form
              className="jja-run-form"
              onSubmit={event => {
                event.preventDefault();
                act(async () => {
                  await model.api.runBuild(artifact.id, splitArguments(args));
                  actions.notify(trans.__('It runs; see Now.'));
                });
              }}
            >
              <input
                className="jja-input"
                aria-label={trans.__('Arguments')}
                placeholder={trans.__('Arguments')}
                value={args}
                spellCheck={false}
                onChange={e => setArgs(e.target.value)}
              />
              <button type="submit" className="jja-button">
                {trans.__('Run')}
              </button>
            </form>
          )}
          <div className="jja-tabs">
            <Button label={trans.__('Download')} disabled={!build.exists} onClick={() => actions.download(build)} />
            {artifact.bundle_bytes !== null && (
              <Button
                label={trans.__('Download bundle')}
                title={trans.__('The program with its libraries as a ZIP file')}
                disabled={!build.exists}
                onClick={() => actions.download(build, 'bundle')}
              />
            )}
            <Button label={trans.__('Reveal')} disabled={!build.exists} onClick={() => actions.reveal(build)} />
            <Button label={trans.__('Delete')} onClick={remove} />
          </div>
          <div className="jja-facts jja-path">{`sha256 ${artifact.sha256}`}</div>
        </div>
      )}
    </article>
  );
}

/** One word on what is known of a build: does its file exist, did it run. */
function badgeOf(build: IBuild, trans: TranslationBundle): { kind: string; label: string } {
  const { verified } = build.result;
  if (!build.exists) {
    return { kind: 'cancelled', label: trans.__('deleted') };
  }
  if (!verified.ran) {
    return { kind: 'unknown', label: trans.__('built') };
  }
  return verified.exit_code === 0
    ? { kind: 'passed', label: trans.__('verified') }
    : { kind: 'failed', label: trans.__('exit code %1', verified.exit_code) };
}

const WIDTH = 260;
const HEIGHT = 130;

/** The artifact and its libraries as areas. */
function SizeMap(props: { artifact: IArtifact }): JSX.Element | null {
  const { trans } = useServices();
  const { artifact } = props;
  const parts = [
    { name: artifact.name, bytes: artifact.bytes, own: true },
    ...artifact.libraries.filter(l => l.bundled).map(l => ({ name: l.name, bytes: l.bytes, own: false }))
  ];
  const boxes = treemap(parts.map(p => p.bytes), WIDTH, HEIGHT);
  const label = parts.map(p => `${p.name} ${format.bytes(p.bytes)}`).join(', ');
  return (
    <svg className="jja-map" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={trans.__('Sizes: %1', label)}>
      {parts.map((part, i) => {
        const box = boxes[i];
        const room = Math.floor(box.width / 6.2);
        return (
          <g key={i}>
            <title>{`${part.name} ${format.bytes(part.bytes)}`}</title>
            <rect
              className={part.own ? 'jja-map-own' : 'jja-map-library'}
              x={box.x}
              y={box.y}
              width={Math.max(0, box.width - 1)}
              height={Math.max(0, box.height - 1)}
            />
            {box.height > 14 && room > 4 && (
              <text x={box.x + 4} y={box.y + 12}>
                {format.oneLine(part.name, room)}
              </text>
            )}
            {box.height > 28 && room > 7 && (
              <text className="jja-quiet" x={box.x + 4} y={box.y + 25}>
                {format.bytes(part.bytes)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
