import * as React from 'react';

import { titleOf, useDo, useLive, useServices } from './context';
import * as format from './format';
import { Badge, Failure } from './parts';
import { RequestError } from './request';
import { IRunSummary } from './types';
import { pagesOf, visibleRows } from './windowing';

const ROW_HEIGHT = 46;
const PAGE = 100;
const SEARCH_DELAY_MS = 120;
const RELOAD_DELAY_MS = 250;

/** The whole history: only the rows in view are asked for and drawn. */
export function HistorySection(): JSX.Element {
  const { trans, model } = useServices();
  const version = useLive(state => state.historyVersion);
  const [search, setSearch] = React.useState('');
  const [starred, setStarred] = React.useState(false);
  const [pages, setPages] = React.useState<Map<number, IRunSummary[]>>(new Map());
  const [total, setTotal] = React.useState<number | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [scroll, setScroll] = React.useState(0);
  const [height, setHeight] = React.useState(320);
  const [active, setActive] = React.useState(0);
  const list = React.useRef<HTMLDivElement>(null);
  const generation = React.useRef(0);
  const asked = React.useRef(new Set<number>());
  // What the delayed look below needs is the newest total, not that of when it was put off.
  const known = React.useRef(1);
  known.current = total ?? 1;

  const view = visibleRows(scroll, height, ROW_HEIGHT, total ?? 0);

  const load = React.useCallback(
    async (page: number, mine: number) => {
      try {
        const answer = await model.api.runs({ limit: PAGE, offset: page * PAGE, search, starred });
        if (mine !== generation.current) {
          return;
        }
        setError(null);
        setTotal(answer.total);
        setPages(before => new Map(before).set(page, answer.runs));
      } catch (reason) {
        if (mine === generation.current) {
          setError(reason instanceof RequestError ? reason : new RequestError(String(reason)));
        }
      } finally {
        asked.current.delete(page);
      }
    },
    [model, search, starred]
  );

  // Another search, or news: what was loaded is out of date. Old rows stay until new ones come.
  const first = React.useRef(true);
  React.useEffect(() => {
    const wait = first.current ? 0 : search || starred ? SEARCH_DELAY_MS : RELOAD_DELAY_MS;
    first.current = false;
    const timer = window.setTimeout(() => {
      const mine = ++generation.current;
      asked.current.clear();
      const top = list.current?.scrollTop ?? 0;
      const tall = list.current?.clientHeight || height;
      const wanted = pagesOf(visibleRows(top, tall, ROW_HEIGHT, known.current), PAGE);
      setPages(before => new Map([...before].filter(([page]) => wanted.includes(page))));
      for (const page of wanted.length ? wanted : [0]) {
        asked.current.add(page);
        void load(page, mine);
      }
    }, wait);
    return () => window.clearTimeout(timer);
  }, [search, starred, version]);

  React.useEffect(() => {
    for (const page of pagesOf(view, PAGE)) {
      if (!pages.has(page) && !asked.current.has(page) && total !== null) {
        asked.current.add(page);
        void load(page, generation.current);
      }
    }
  }, [view.first, view.end, pages, total]);

  React.useEffect(() => {
    const element = list.current;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const row = (index: number): IRunSummary | undefined =>
    pages.get(Math.floor(index / PAGE))?.[index % PAGE];

  const move = (to: number) => {
    const last = Math.max(0, (total ?? 1) - 1);
    const next = Math.max(0, Math.min(last, to));
    setActive(next);
    const element = list.current;
    if (element) {
      const top = next * ROW_HEIGHT;
      if (top < element.scrollTop) {
        element.scrollTop = top;
      } else if (top + ROW_HEIGHT > element.scrollTop + element.clientHeight) {
        element.scrollTop = top + ROW_HEIGHT - element.clientHeight;
      }
    }
  };

  const { actions } = useServices();
  const act = useDo();
  const onKey = (event: React.KeyboardEvent) => {
    const step = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    const jumps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + step,
      PageUp: active - step,
      Home: 0,
      End: (total ?? 1) - 1
    };
    if (event.key in jumps) {
      event.preventDefault();
      move(jumps[event.key]);
      return;
    }
    // An option holds no buttons of its own: the list has keys for what its rows can do.
    const run = row(active);
    if (run && event.key === 'Enter') {
      actions.openRun(run.id);
    } else if (run && event.key === 's' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      act(() => model.api.star(run.id, !run.starred));
    }
  };

  return (
    <>
      <div className="jja-run">
        <input
          type="search"
          className="jja-input"
          aria-label={trans.__('Search the history')}
          placeholder={trans.__('Prompt, code, verdict, model, notebook')}
          value={search}
          onChange={e => {
            setSearch(e.target.value);
            setActive(0);
            if (list.current) {
              list.current.scrollTop = 0;
            }
          }}
        />
        <button
          type="button"
          className="jja-button"
          aria-pressed={starred}
          title={trans.__('Only starred')}
          onClick={() => setStarred(!starred)}
        >
          {starred ? '★' : '☆'}
        </button>
      </div>
      {error && <Failure error={error} again={() => void load(0, generation.current)} />}
      <div className="jja-facts jja-status" role="status">
        {total === null
          ? !error && trans.__('Loading…')
          : total === 0
            ? search || starred
              ? trans.__('Nothing found.')
              : trans.__('Nothing was generated yet.')
            : trans._n('%2 run', '%2 runs', total, format.count(total))}
      </div>
      <div
        ref={list}
        className="jja-list"
        hidden={!total}
        role="listbox"
        tabIndex={0}
        aria-label={trans.__('History: Enter opens a run, S stars it')}
        aria-keyshortcuts="Enter S"
        aria-activedescendant={row(active) ? `jja-run-${row(active)!.id}` : undefined}
        style={{ maxHeight: `${Math.min(8, Math.max(1, total ?? 1)) * ROW_HEIGHT + 2}px` }}
        onScroll={e => setScroll(e.currentTarget.scrollTop)}
        onKeyDown={onKey}
      >
        <div style={{ height: (total ?? 0) * ROW_HEIGHT, position: 'relative' }}>
          {Array.from({ length: Math.max(0, view.end - view.first) }, (_, i) => view.first + i).map(
            index => (
              <Row
                key={row(index)?.id ?? index}
                run={row(index)}
                top={index * ROW_HEIGHT}
                active={index === active}
                index={index}
                total={total ?? 0}
                choose={() => setActive(index)}
              />
            )
          )}
        </div>
      </div>
    </>
  );
}

const Row = React.memo(function Row(props: {
  run: IRunSummary | undefined;
  top: number;
  active: boolean;
  index: number;
  total: number;
  choose: () => void;
}): JSX.Element {
  const { actions, model, trans } = useServices();
  const act = useDo();
  const { run } = props;
  const style: React.CSSProperties = { position: 'absolute', top: props.top, height: ROW_HEIGHT, left: 0, right: 0 };
  if (!run) {
    return <div className="jja-item jja-placeholder" style={style} />;
  }
  const state = run.status === 'running' ? 'running' : (run.verdict ?? run.status);
  return (
    <div
      id={`jja-run-${run.id}`}
      role="option"
      aria-selected={props.active}
      aria-posinset={props.index + 1}
      aria-setsize={props.total}
      className={`jja-item${props.active ? ' jja-active' : ''}`}
      style={style}
      onClick={() => {
        props.choose();
        actions.openRun(run.id);
      }}
    >
      <div className="jja-item-head">
        <span className="jja-name">{format.oneLine(titleOf(run), 60)}</span>
        <span className="jja-grow" />
        <span className="jja-facts">{format.moment(run.started)}</span>
        <span
          className={`jja-star${run.starred ? ' jja-starred' : ''}`}
          title={run.starred ? trans.__('Take the star away (S)') : trans.__('Star (S)')}
          onClick={event => {
            event.stopPropagation();
            act(() => model.api.star(run.id, !run.starred));
          }}
        >
          {run.starred ? '★' : '☆'}
        </span>
      </div>
      <div className="jja-item-head">
        <Badge kind={state} />
        <span className="jja-facts jja-clip">
          {run.kind === 'build' ? trans.__('build') : format.oneLine(run.request)}
        </span>
      </div>
    </div>
  );
});
