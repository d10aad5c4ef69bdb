function originName(origin) {
  const names = {
    model: trans.__("model"), idiom: trans.__("rewritten"), repair: trans.__("repaired"), evolve: trans.__("evolved"), user: trans.__("yours"),
  };
  return names[origin] ?? origin;
}

function verdictName(verdict) {
  const names = {
    passed: trans.__("passed"), failed: trans.__("failed"), error: trans.__("error"), syntax: trans.__("syntax"), timeout: trans.__("timeout"),
    memory: trans.__("memory"), crashed: trans.__("crashed"), blocked: trans.__("blocked"), trying: trans.__("trying"),
  };
  return names[verdict] ?? verdict;
}

/** Julia's own text often begins with the type already. */
function describeError(error, message) {
  const rest = message.startsWith(`${error.type}: `) ? message.slice(error.type.length + 2) : message;
  return error.line ? `${error.type} (${trans.__("line %1", error.line)}): ${rest}` : `${error.type}: ${rest}`;
}

/** One candidate. Made once, then updated in place, so that focus and folding survive. */
class CandidateRow {
  constructor(id, send) {
    this.id = id;
    this.open = null; // null: the user has not decided
    this.tab = "code";
    this.row = null;
    this.drawn = "";
    this.badge = make("span", { class: "jja-badge" });
    this.number = make("span", { class: "jja-number" });
    this.facts = make("span", { class: "jja-facts" });
    this.mark = make("span", { class: "jja-mark" });
    this.short = make("span", { class: "jja-short" });
    this.body = make("div", { class: "jja-body", hidden: true, id: `jja-${id}` });
    this.toggle = make(
      "button",
      {
        class: "jja-open", type: "button", "aria-expanded": "false", "aria-controls": `jja-${id}`,
        onclick: () => { this.open = this.body.hidden; this.fold(); },
      },
      [this.number, this.badge, this.facts, this.mark, this.short],
    );
    this.accept = make("button", {
      class: "jja-button", type: "button", text: trans.__("Accept"), onclick: () => { this.accept.disabled = true; send({ do: "accept", id }); },
    });
    this.element = make("div", { class: "jja-row", role: "listitem" }, [
      make("div", { class: "jja-line" }, [this.toggle, this.accept]),
      this.body,
    ]);
  }

  fold() {
    this.body.hidden = !(this.open ?? this.chosen);
    this.short.hidden = !this.body.hidden; // the body says more
    this.toggle.setAttribute("aria-expanded", String(!this.body.hidden));
    if (!this.body.hidden) this.draw();
  }

  update(row, head) {
    this.row = row;
    this.chosen = row.id === head.selected || row.id === head.accepted;
    const verdict = row.verdict ?? "trying";
    setText(this.number, `#${row.number}`);
    this.badge.className = `jja-badge jja-${verdict}`;
    setText(this.badge, verdictName(verdict));
    const checks = row.passed + row.failed;
    const facts = [originName(row.origin)];
    if (row.parent_number) facts.push(trans.__("from #%1", row.parent_number));
    if (checks) facts.push(trans.__("%1/%2 checks", row.passed, checks));
    if (row.verdict) facts.push(`${row.seconds.toFixed(2)} s`);
    setText(this.facts, facts.join(" · "));
    setText(this.mark, row.id === head.accepted ? `✓ ${trans.__("accepted")}` : row.id === head.selected ? trans.__("selected") : "");
    const error = row.error ? describeError(row.error, row.error.message.split("\n")[0]) : "";
    setText(this.short, error || row.failures[0] || row.notes[0] || "");
    const usable = row.verdict === "passed" && head.proven;
    this.accept.hidden = !usable || row.id === head.accepted;
    this.accept.disabled = false;
    this.accept.setAttribute("aria-label", trans.__("Accept candidate %1", row.number));
    this.toggle.setAttribute("aria-label", `${trans.__("Candidate %1, %2", row.number, verdictName(verdict))}, ${facts.join(", ")}`);
    this.fold();
  }

  draw() {
    const row = this.row;
    const key = JSON.stringify([row.code, row.verdict, row.error, row.output, this.tab]);
    if (key === this.drawn) return;
    this.drawn = key;
    const tabs = [["code", trans.__("Code")]];
    if (row.diff.length) tabs.push(["diff", trans.__("Changes from #%1", row.parent_number)]);
    if (row.error || row.failures.length) tabs.push(["error", trans.__("Why not")]);
    if (row.output) tabs.push(["output", trans.__("Output")]);
    if (!tabs.some(([name]) => name === this.tab)) this.tab = "code";
    const buttons = (tabs.length > 1 ? tabs : []).map(([name, label]) =>
      make("button", {
        class: "jja-button", type: "button", "aria-pressed": String(this.tab === name), text: label,
        onclick: () => { this.tab = name; this.draw(); this.body.querySelector(`[aria-pressed="true"]`)?.focus(); },
      }));
    const notes = row.notes.length && this.tab !== "output"
      ? make("ul", { class: "jja-notes" }, row.notes.map((n) => make("li", { text: n }))) : null;
    this.body.replaceChildren(
      make("div", { class: "jja-tabs" }, [...buttons, copyButton(() => row.code)]),
      this.view(row), ...(notes ? [notes] : []),
    );
  }

  view(row) {
    if (this.tab === "diff") {
      const tag = { "+": "ins", "-": "del", " ": "span" };
      return make("pre", { class: "jja-code jja-diff", tabindex: "0" },
        row.diff.map(([mark, line]) => make(tag[mark] ?? "span", { text: `${mark} ${line}` })));
    }
    if (this.tab === "error") {
      const text = [row.error ? describeError(row.error, row.error.message) : "", ...row.failures];
      return make("pre", { class: "jja-code jja-wrap", tabindex: "0", text: text.filter(Boolean).join("\n\n") });
    }
    if (this.tab === "output") return make("pre", { class: "jja-code jja-wrap", tabindex: "0", text: row.output });
    const code = make("pre", { class: "jja-code", tabindex: "0" });
    highlight(code, row.code);
    return code;
  }
}

function render({ model, el }) {
  const rows = new Map();
  const streams = new Map();
  const send = (message) => model.send(message);
  const name = make("strong", { class: "jja-name" });
  const chip = make("span", { class: "jja-chip", role: "status", "aria-live": "polite" });
  const facts = make("span", { class: "jja-facts" });
  const stop = make("button", { class: "jja-button", type: "button", text: trans.__("Stop"), onclick: () => { stop.disabled = true; send({ do: "stop" }); } });
  const request = make("div", { class: "jja-request" });
  const notes = make("div", {});
  const list = make("div", { class: "jja-rows", role: "list", "aria-label": trans.__("candidates") });
  const writing = make("div", { class: "jja-rows jja-writings", "aria-label": trans.__("answers being written") });
  const empty = make("div", { class: "jja-empty" });
  const said = make("div", { class: "jja-hint", role: "status", "aria-live": "polite", hidden: true });
  const root = make("section", { class: "jja", "aria-label": trans.__("Julia generation") }, [
    make("div", { class: "jja-head" }, [name, chip, facts, stop]), request, notes, list, writing, empty, said,
  ]);
  el.append(root);

  function drawHead() {
    const head = model.get("head");
    setText(name, head.name);
    chip.className = `jja-chip jja-${head.status}`;
    setText(chip, statusName(head.status));
    const parts = [];
    if (head.stage) parts.push(head.stage);
    const busy = head.status === "running" || head.status === "starting";
    if (head.wanted) parts.push(busy ? trans.__("%1/%2 answers", head.answers, head.wanted) : trans._n("%1 answer", "%1 answers", head.answers));
    if (rows.size && head.proven) parts.push(trans.__("%1 of %2 passed", head.passed, rows.size));
    if (rows.size && !head.proven) parts.push(trans._n("%1 candidate, no tests given", "%1 candidates, no tests given", rows.size));
    if (head.completion_tokens) parts.push(trans.__("%1 tokens", head.completion_tokens));
    if (head.seconds) parts.push(`${head.seconds.toFixed(1)} s`);
    if (head.model) parts.push(head.model);
    setText(facts, parts.join(" · "));
    stop.hidden = !(model.get("stoppable") && busy);
    setText(request, head.request);
    request.hidden = !head.request;
    const items = head.warnings.map((w) => note("warning", w));
    if (head.message) items.push(note("error", head.message, head.remedy));
    notes.replaceChildren(...items);
    empty.hidden = rows.size > 0 || streams.size > 0;
    setText(empty, busy ? trans.__("waiting for the model…") : trans.__("no candidates"));
  }

  function drawRows() {
    const head = model.get("head");
    for (const row of model.get("rows")) {
      let view = rows.get(row.id);
      if (!view) {
        view = new CandidateRow(row.id, send);
        rows.set(row.id, view);
        list.append(view.element);
      }
      view.update(row, head);
    }
    drawHead();
  }

  function stream(key) {
    let view = streams.get(key);
    if (!view) {
      const text = make("pre", { class: "jja-code jja-stream", "aria-live": "off" });
      const element = make("div", { class: "jja-row" }, [
        make("div", { class: "jja-line" }, [
          make("span", { class: "jja-badge jja-writing", text: trans.__("writing") }),
          make("span", { class: "jja-facts", text: trans.__("answer %1", Number(key) + 1) }),
        ]),
        make("div", { class: "jja-body" }, [text]),
      ]);
      view = { element, text, node: text.appendChild(document.createTextNode("")) };
      streams.set(key, view);
      writing.append(element);
    }
    return view;
  }

  function drawStreams() {
    const known = model.get("streams");
    for (const [key, view] of streams) {
      if (!(key in known)) { view.element.remove(); streams.delete(key); }
    }
    for (const [key, text] of Object.entries(known)) {
      const view = stream(key);
      if (view.node.data.length < text.length) view.node.data = text;
    }
    drawHead();
  }

  let frame = 0;
  const waiting = [];
  function onMessage(message) {
    if (message.tokens) {
      waiting.push(...message.tokens);
      // One repaint however many tokens arrived since the last one.
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        const grown = new Set();
        for (const [index, text] of waiting.splice(0)) {
          const view = stream(String(index));
          view.node.appendData(text);
          grown.add(view.text);
        }
        // All heights are asked for before any is used: the browser lays the page out once, not per answer.
        const ends = [...grown].map((text) => [text, text.scrollHeight]);
        for (const [text, end] of ends) text.scrollTop = end;
        drawHead();
      });
    } else if (message.said !== undefined) {
      said.hidden = !message.said;
      setText(said, message.said);
      drawRows();
    }
  }

  model.on("change:head", drawRows);
  model.on("change:rows", drawRows);
  model.on("change:streams", drawStreams);
  model.on("change:stoppable", drawHead);
  model.on("msg:custom", onMessage);
  drawRows();
  drawStreams();
  return () => {
    cancelAnimationFrame(frame);
    model.off("change:head", drawRows);
    model.off("change:rows", drawRows);
    model.off("change:streams", drawStreams);
    model.off("change:stoppable", drawHead);
    model.off("msg:custom", onMessage);
  };
}

export default { render };
