import * as React from 'react';

import { useMemory } from './context';

/** A part of the panel that folds, and is found folded or open again next time. */
export function Section(props: {
  id: string;
  title: string;
  hint?: string;
  openAtFirst?: boolean;
  children: () => JSX.Element;
}): JSX.Element {
  const [open, setOpen] = useMemory<boolean>(`section:${props.id}`, props.openAtFirst ?? false);
  const head = `jja-head-${props.id}`;
  const body = `jja-body-${props.id}`;
  return (
    <section className="jja-section" data-section={props.id}>
      <h2>
        <button
          type="button"
          id={head}
          className="jja-section-head"
          aria-expanded={open}
          aria-controls={body}
          onClick={() => setOpen(!open)}
        >
          <span className="jja-section-title">{props.title}</span>
          {props.hint && <span className="jja-count">{props.hint}</span>}
        </button>
      </h2>
      <div id={body} role="region" aria-labelledby={head} hidden={!open}>
        {open && props.children()}
      </div>
    </section>
  );
}
