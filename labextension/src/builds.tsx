import { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, deleteIcon, downloadIcon, folderIcon, runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { splitArguments } from './arguments';
import { useAsked, useDo, useLive, useServices } from './context';
import * as format from './format';
import { Badge, Button, Facts, Failure, IconButton, Loading, Note } from './parts';
import { treemap } from './treemap';
import { IArtifact, IBuild } from './types';

/** Everything that was compiled: sizes, running, downloading, deleting. */
export function BuildsSection(): JSX.Element {
  const { trans, model, actions } = useServices();
  const act = useDo();
  const version = useLive(state => state.buildsVersion);
  const asked = useAsked(() => model.api.builds(), [version], 50);
  if (asked.error) {
    return <Failure error={asked.error} again={asked.again} />;
  }
  if (!asked.value) {
    return <Loading />;
  }
  const { builds, unreadable } = asked.value;
  if (builds.length === 0 && unreadable.length === 0) {
    return (
      <div className="jja-empty">
        {trans.__(
          'Nothing was compiled yet. A cell that begins with %1 makes an executable.',
          '%%juliac NAME'
        )}
      </div>
    );
  }
  const gone = builds.filter(build => !build.exists).length;
  return (
    <>
      {builds.map(build => (
        <Build key={build.result.artifact.id} build={build} again={asked.again} />
      ))}
      {gone > 0 && (
        <div className="jja-run">
          <Button
            label={trans._n('Prune %1 deleted build', 'Prune %1 deleted builds', gone)}
            title={trans.__('Forget builds whose files are gone')}
            onClick={() =>
              act(async () => {
                const { pruned } = await model.api.prune();
                actions.notify(trans._n('%1 build forgotten', '%1 builds forgotten', pruned));
                asked.again();
              })
            }
          />
        </div>
      )}
      {unreadable.length > 0 && (
        <Note
          kind="warning"
          text={trans._n(
            '%1 build was written by a newer version and is not shown: %2',
            '%1 builds were written by a newer version and are not shown: %2',
            unreadable.length,
            unreadable.join(', ')
          )}
          remedy={trans.__('update jupyter_julia_aot')}
        />
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
  const size = artifact.bundle_bytes ?? artifact.bytes;
  return (
    <article className="jja-card" aria-label={artifact.name} data-artifact={artifact.id}>
      <div className="jja-line">
        <button className="jja-open" aria-expanded={open} onClick={() => setOpen(!open)}>
          <span className="jja-name">{artifact.name}</span>
        </button>
        <Badge {...badgeOf(build, trans)} />
      </div>
      <div className="jja-facts jja-under">
        {[kindName(artifact, trans), format.bytes(size), format.moment(build.at)].join(' · ')}
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
              <button type="submit" className="jja-button jja-with-icon">
                <runIcon.react tag="span" width="16px" height="16px" />
                {trans.__('Run')}
              </button>
            </form>
          )}
          <div className="jja-actions">
            <button
              type="button"
              className="jja-button jja-with-icon"
              disabled={!build.exists}
              onClick={() => actions.download(build)}
            >
              <downloadIcon.react tag="span" width="16px" height="16px" />
              {trans.__('Download')}
            </button>
            {artifact.bundle_bytes !== null && (
              <Button
                label={trans.__('Bundle')}
                title={trans.__('Download the program with its libraries as a ZIP file')}
                disabled={!build.exists}
                onClick={() => actions.download(build, 'bundle')}
              />
            )}
            <span className="jja-grow" />
            <IconButton
              icon={folderIcon}
              label={trans.__('Reveal')}
              disabled={!build.exists}
              onClick={() => actions.reveal(build)}
            />
            <IconButton
              icon={copyIcon}
              label={trans.__('Copy the path')}
              onClick={() => actions.copy(artifact.path)}
            />
            <IconButton icon={deleteIcon} label={trans.__('Delete')} onClick={remove} />
          </div>
          <Facts facts={factsOf(build, trans)} />
        </div>
      )}
    </article>
  );
}

/** What is known of how it was made. */
function factsOf(build: IBuild, trans: TranslationBundle): [string, React.ReactNode][] {
  const { artifact, stages } = build.result;
  const by = [
    artifact.backend,
    artifact.julia && `Julia ${artifact.julia}`,
    artifact.trim && trans.__('trim %1', artifact.trim)
  ];
  const seconds = stages.reduce((sum, s) => sum + s.seconds, 0);
  const facts: [string, React.ReactNode][] = [
    [trans.__('Alone'), artifact.needs_julia ? trans.__('needs Julia') : trans.__('needs no Julia')],
    [trans.__('Compiled by'), by.filter(Boolean).join(' · ')],
    [trans.__('Took'), seconds > 0 && format.seconds(seconds)],
    ['SHA-256', <code title={artifact.sha256}>{`${artifact.sha256.slice(0, 16)}…`}</code>]
  ];
  return facts.filter(([, value]) => value);
}

function kindName(artifact: IArtifact, trans: TranslationBundle): string {
  const names: Record<string, string> = {
    exe: trans.__('program'),
    lib: trans.__('library'),
    sysimage: trans.__('system image')
  };
  return names[artifact.kind] ?? artifact.kind;
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

/** The artifact and its libraries as areas, drawn as the build view draws them. */
function SizeMap(props: { artifact: IArtifact }): JSX.Element | null {
  const { trans } = useServices();
  const { artifact } = props;
  const parts = [
    { name: artifact.name, bytes: artifact.bytes },
    ...artifact.libraries.filter(l => l.bundled)
  ].sort((a, b) => b.bytes - a.bytes);
  if (parts.length === 1) {
    return null; // one full rectangle says nothing that the size does not
  }
  const boxes = treemap(parts.map(p => p.bytes), WIDTH, HEIGHT);
  const label = parts.map(p => `${p.name} ${format.bytes(p.bytes)}`).join(', ');
  return (
    <div className="jja-map" role="img" aria-label={trans.__('Sizes: %1', label)}>
      {parts.map((part, i) => {
        const { x, y, width, height } = boxes[i];
        return (
          <div
            key={i}
            className="jja-tile"
            title={`${part.name}: ${format.bytes(part.bytes)}`}
            style={
              {
                left: `${(100 * x) / WIDTH}%`,
                top: `${(100 * y) / HEIGHT}%`,
                width: `${(100 * width) / WIDTH}%`,
                height: `${(100 * height) / HEIGHT}%`,
                '--shade': `${Math.max(12, 60 - 9 * i)}%`
              } as React.CSSProperties
            }
          >
            {width > 44 && height > 30 && (
              <>
                <span>{format.oneLine(part.name, 40)}</span>
                <span>{format.bytes(part.bytes)}</span>
              </>
            )}
          </div>
        );
      })}
    </div>
  );
}

// The box in pixels of a usual panel: what is too small for a name there stays without one.
const WIDTH = 270;
const HEIGHT = 150;
