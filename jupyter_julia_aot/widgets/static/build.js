/** Split a line as a shell would, without expanding anything. @param {string} line */
function splitArguments(line) {
  const found = [...line.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)];
  return found.map((m) => m[1] !== undefined ? m[1].replace(/\\(.)/g, "$1") : m[2] ?? m[3]);
}

function render({ model, el }) {
  const send = (message) => model.send(message);
  const name = make("strong", { class: "jja-name" });
  const chip = make("span", { class: "jja-chip", role: "status", "aria-live": "polite" });
  const facts = make("span", { class: "jja-facts" });
  const stop = make("button", { class: "jja-button", type: "button", text: trans.__("Stop"), onclick: () => { stop.disabled = true; send({ do: "stop" }); } });
  const notes = make("div", {});
  const stages = make("ol", { class: "jja-stages", "aria-label": trans.__("stages") });
  const result = make("div", {});
  const line = make("input", { class: "jja-input", type: "text", placeholder: trans.__("arguments"), "aria-label": trans.__("arguments of the program"), spellcheck: "false" });
  const stdin = make("textarea", { class: "jja-input", rows: "1", placeholder: trans.__("standard input"), "aria-label": trans.__("standard input of the program"), spellcheck: "false" });
  const run = make("button", { class: "jja-button jja-primary", type: "button", text: trans.__("Run") });
  const status = make("div", { class: "jja-ran", role: "status", "aria-live": "polite", hidden: true });
  const printed = make("pre", { class: "jja-code jja-wrap", tabindex: "0", "aria-label": trans.__("output of the program") });
  const output = make("div", { class: "jja-pad", hidden: true }, [printed]);
  const said = make("div", { class: "jja-ran", role: "status", "aria-live": "polite", hidden: true });
  const others = make("div", { class: "jja-run", hidden: true }, [["download", trans.__("Download")], ["reveal", trans.__("Show in folder")], ["rebuild", trans.__("Rebuild")]].map(([what, text]) =>
    make("button", { class: "jja-button", type: "button", text, "data-do": what, onclick: () => { said.hidden = true; send({ do: what }); } })));
  let running = false;
  const runner = make("form", { class: "jja-run", hidden: true }, [line, stdin, run]);
  runner.addEventListener("submit", (event) => {
    event.preventDefault();
    if (running) { run.disabled = true; send({ do: "stop_run" }); return; }
    running = true;
    run.textContent = trans.__("Stop run");
    send({ do: "run", arguments: splitArguments(line.value), stdin: stdin.value });
  });
  run.setAttribute("type", "submit");
  el.append(make("section", { class: "jja", "aria-label": trans.__("Julia build") }, [
    make("div", { class: "jja-head" }, [name, chip, facts, stop]), notes, stages, result, runner, status, output, others, said,
  ]));

  let clock = 0;
  let since = 0;
  function tick() {
    const live = stages.querySelector(".jja-started > :last-child");
    if (live) setText(live, `${((performance.now() - since) / 1000).toFixed(1)} s`);
  }

  function drawHead() {
    const head = model.get("head");
    setText(name, head.name);
    chip.className = `jja-chip jja-${head.status}`;
    setText(chip, statusName(head.status));
    const built = model.get("result");
    const parts = [head.kind];
    if (built.artifact) parts.push(size(built.artifact.bytes));
    if (built.artifact?.bundle_bytes) parts.push(trans.__("bundle %1", size(built.artifact.bundle_bytes)));
    if (head.seconds) parts.push(`${head.seconds.toFixed(1)} s`);
    if (built.cached) parts.push(trans.__("from the cache"));
    setText(facts, parts.join(" · "));
    stop.hidden = !(model.get("stoppable") && head.status === "running");
    const items = [];
    if (head.message) items.push(note("error", head.message, head.remedy));
    const diff = model.get("diff");
    if (diff.length) {
      const kinds = { "+": "ins", "-": "del", "@": "em" };
      const lines = make("pre", { class: "jja-code jja-diff", tabindex: "0", "aria-label": trans.__("what was rewritten") }, diff.map(([mark, text]) => make(kinds[mark] ?? "span", { text: mark + text })));
      items.push(make("details", { class: "jja-pad", open: true }, [make("summary", { text: trans.__("rewritten by %1", "--fix") }), lines]));
    }
    for (const d of model.get("diagnostics")) {
      const place = d.line ? `${trans.__("line %1", d.line)}: ` : "";
      items.push(d.cause ? note(d.severity, `${place}${d.cause}`, d.remedy) : note(d.severity, `${place}${d.message}`, d.remedy));
      if (d.source) {
        const code = make("pre", { class: "jja-code" });
        highlight(code, d.source);
        items.push(make("div", { class: "jja-pad" }, [code]));
      }
      if (d.cause) items.push(make("details", { class: "jja-pad" }, [make("summary", { text: trans.__("what the compiler says") }), make("pre", { class: "jja-code jja-wrap", text: d.message })]));
    }
    notes.replaceChildren(...items);
    const offered = model.get("buttons");
    others.hidden = head.status === "running" || !offered.length;
    for (const button of others.children) {
      const what = button.getAttribute("data-do");
      button.hidden = !offered.includes(what) || (what !== "rebuild" && !built.artifact);
    }
    // The clock runs only while a stage does.
    const live = head.status === "running";
    if (live && !clock) clock = setInterval(tick, 100);
    if (!live && clock) { clearInterval(clock); clock = 0; }
  }

  let liveStage = "";
  function drawStages() {
    const all = model.get("stages");
    const longest = Math.max(0.001, ...all.map((s) => s.seconds));
    stages.hidden = all.length === 0;
    stages.replaceChildren(...all.map((s) => {
      const fill = make("i", { style: `width:${s.state === "started" ? 100 : Math.round((100 * s.seconds) / longest)}%` });
      return make("li", { class: `jja-stage jja-${s.state}` }, [
        make("span", { text: s.name }),
        make("span", { class: "jja-bar", "aria-hidden": "true" }, [fill]),
        make("span", { text: s.state === "stopped" ? trans.__("stopped") : `${s.seconds.toFixed(1)} s` }),
      ]);
    }));
    const running = all.find((s) => s.state === "started")?.name ?? "";
    if (running && running !== liveStage) since = performance.now();
    liveStage = running;
    tick();
  }

  function drawResult() {
    const built = model.get("result");
    runner.hidden = !built.artifact || built.artifact.kind !== "exe";
    if (!built.artifact) { result.replaceChildren(); return; }
    const a = built.artifact;
    const facts = [[trans.__("file"), a.path], [trans.__("built by"), a.backend], [trans.__("because"), built.backend_reason], ["trim", a.trim], ["Julia", a.julia]];
    if (built.verified?.alone !== undefined && built.verified?.alone !== null) {
      facts.push([trans.__("by itself"), built.verified.alone
        ? trans.__("does the same in an empty root directory, with the C library only")
        : trans.__("does not do the same in an empty root directory")]);
    }
    const list = (pairs) => make("dl", { class: "jja-facts-list" }, pairs.filter(([, v]) => v).flatMap(([k, v]) => [make("dt", { text: k }), make("dd", { text: v })]));
    const items = [list(facts)];
    if (built.proof) {
      const p = built.proof;
      items.push(make("div", { class: "jja-pad" }, [
        make("span", { class: `jja-badge jja-${p.equal ? "passed" : "failed"}`, text: p.equal ? "JIT = AOT" : trans.__("AOT differs") }),
        make("span", { class: "jja-facts", text: ` ${trans._n("%1 call of the tests repeated on the artifact; checks %2", "%1 calls of the tests repeated on the artifact; checks %2", p.calls, p.checks)}` }),
        make("ul", { class: "jja-notes" }, p.differences.map((row) => make("li", { text: row }))),
      ]));
    }
    if (built.times?.length) {
      const longest = Math.max(...built.times.map((t) => t.median)) || 1;
      items.push(make("ol", { class: "jja-stages", "aria-label": trans.__("times") }, built.times.map((t) =>
        make("li", { class: "jja-stage", title: `${seconds(t.least)} – ${seconds(t.most)}, ${trans._n("%1 run", "%1 runs", t.rounds)}` }, [
          make("span", { text: t.what }),
          make("span", { class: "jja-bar", "aria-hidden": "true" }, [make("i", { style: `width:${(100 * t.median) / longest}%` })]),
          make("span", { text: seconds(t.median) }),
        ]))));
    }
    if (built.tiles?.length) {
      items.push(make("div", { class: "jja-map", role: "img", "aria-label": trans.__("Sizes: %1", built.tiles.map((t) => `${t.name} ${size(t.bytes)}`).join(", ")) }, built.tiles.map((t, i) =>
        make("div", { class: "jja-tile", style: `left:${t.x}%;top:${t.y}%;width:${t.w}%;height:${t.h}%;--shade:${Math.max(12, 60 - 9 * i)}%`, title: `${t.name}: ${size(t.bytes)}, ${t.share} %` },
          t.w > 9 && t.h > 12 ? [make("span", { text: t.name }), make("span", { text: size(t.bytes) })] : []))));
    }
    if (a.libraries.length) {
      const table = make("table", {}, [...a.libraries].sort((x, y) => y.bytes - x.bytes).map((lib) =>
        make("tr", {}, [make("td", { text: lib.name }), make("td", { text: size(lib.bytes) }), make("td", { text: lib.bundled ? trans.__("in the bundle") : trans.__("from the system") })])));
      items.push(make("details", { class: "jja-pad" }, [make("summary", { text: trans._n("%1 library", "%1 libraries", a.libraries.length) }), table]));
    }
    if (a.abi?.length) {
      const table = make("table", {}, [make("tr", {}, [trans.__("function"), trans.__("symbol"), trans.__("C declaration")].map((text) => make("th", { text, scope: "col" }))),
        ...a.abi.map((f) => make("tr", {}, [f.julia || f.name, f.symbol, f.c].map((text) => make("td", {}, [make("code", { text })]))))]);
      items.push(make("details", { class: "jja-pad jja-wide", open: true }, [make("summary", { text: trans._n("%1 exported function", "%1 exported functions", a.abi.length) }), table]));
    }
    items.push(make("details", { class: "jja-pad jja-more" }, [make("summary", { text: trans.__("checksum and bill of materials") }), list([["SHA-256", a.sha256], ["id", a.id], [trans.__("bill of materials"), a.sbom]])]));
    result.replaceChildren(...items);
    if (built.verified?.ran) show({ ...built.verified, first: true });
  }

  function ended(ran) {
    const took = `${(ran.seconds ?? 0).toFixed(2)} s`;
    return ran.first ? trans.__("first run: exit code %1, %2", ran.exit_code, took) : trans.__("exit code %1, %2", ran.exit_code, took);
  }

  function show(ran) {
    status.hidden = false;
    setText(status, ran.error ? ran.error : ended(ran));
    const text = (ran.stdout ?? "") + (ran.stderr ?? "");
    output.hidden = !text;
    setText(printed, text);
  }

  function onMessage(message, buffers) {
    if (message.said) { said.hidden = false; setText(said, message.said); }
    if (message.file) {
      const address = URL.createObjectURL(new Blob([buffers[0]]));
      make("a", { href: address, download: message.file }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      said.hidden = false;
      setText(said, trans.__("downloading %1", message.file));
    }
    if (!message.ran) return;
    running = false;
    run.disabled = false;
    run.textContent = trans.__("Run");
    show(message.ran);
  }

  const listeners = { "change:head": drawHead, "change:diagnostics": drawHead, "change:diff": drawHead, "change:buttons": drawHead, "change:stages": drawStages, "change:result": () => { drawResult(); drawHead(); }, "change:stoppable": drawHead, "msg:custom": onMessage };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  drawHead();
  drawStages();
  drawResult();
  return () => {
    if (clock) clearInterval(clock);
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
  };
}

export default { render };
