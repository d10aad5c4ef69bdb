// Shared by the widgets: elements are made from text only, so nothing a model wrote is ever markup.

/** Put values in the place of %1, %2 … @param {string} text @param {unknown[]} values */
function fill(text, values) {
  return text.replace(/%(\d)/g, (_, n) => String(values[Number(n) - 1]));
}

const ENGLISH = {
  __: (text, ...values) => fill(text, values),
  _n: (one, many, count, ...values) => fill(count === 1 ? one : many, [count, ...values]),
};

/** What users read, in the language of the page: JupyterLab's, which our Lab extension publishes
 * (labextension/src/strings.ts), else English. Asked with every use: it may come after this file. */
const trans = {
  __: (...given) => (globalThis.jupyterJuliaAotStrings ?? ENGLISH).__(...given),
  _n: (...given) => (globalThis.jupyterJuliaAotStrings ?? ENGLISH)._n(...given),
};

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [options] class, text, and attributes; on* are listeners
 * @param {(Node | null)[]} [children]
 * @returns {HTMLElement}
 */
function make(tag, options = {}, children = []) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") node.className = String(value);
    else if (key === "text") node.textContent = String(value);
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.filter((c) => c !== null));
  return node;
}

/** @param {HTMLElement} node @param {string} text */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const JULIA =
  /(#=[\s\S]*?=#|#[^\n]*)|("""[\s\S]*?"""|"(?:\\.|[^"\\\n])*")|\b(function|end|if|else|elseif|for|while|return|begin|let|do|try|catch|finally|struct|mutable|module|using|import|const|global|local|macro|quote|in|true|false|nothing|where|break|continue|abstract|primitive|type)\b|\b(\d[\w.]*)/g;

/** Fill `node` with highlighted Julia. @param {HTMLElement} node @param {string} code */
function highlight(node, code) {
  const parts = [];
  let last = 0;
  for (const match of code.matchAll(JULIA)) {
    parts.push(document.createTextNode(code.slice(last, match.index)));
    const kind = match[1] ? "c" : match[2] ? "s" : match[3] ? "k" : "d";
    parts.push(make("span", { class: `jja-${kind}`, text: match[0] }));
    last = match.index + match[0].length;
  }
  parts.push(document.createTextNode(code.slice(last)));
  node.replaceChildren(...parts);
}

/** Copy text, also where the page is not a secure context. @param {string} text */
async function copyText(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const area = make("textarea", { "aria-hidden": "true" });
  /** @type {HTMLTextAreaElement} */ (area).value = text;
  document.body.append(area);
  /** @type {HTMLTextAreaElement} */ (area).select();
  document.execCommand("copy");
  area.remove();
}

/** A button that copies and says so. @param {() => string} text */
function copyButton(text) {
  const button = make("button", { class: "jja-button", type: "button", text: trans.__("Copy") });
  button.addEventListener("click", async () => {
    await copyText(text());
    button.textContent = trans.__("Copied");
    setTimeout(() => (button.textContent = trans.__("Copy")), 1200);
  });
  return button;
}

/** @param {number} count */
function size(count) {
  for (const [unit, scale] of /** @type {[string, number][]} */ ([["GB", 1e9], ["MB", 1e6], ["kB", 1e3]])) {
    if (count >= scale) return `${(count / scale).toFixed(2)} ${unit}`;
  }
  return trans._n("%1 byte", "%1 bytes", count);
}

/** A time with three digits. @param {number} value */
function seconds(value) {
  for (const [unit, scale] of /** @type {[string, number][]} */ ([["s", 1], ["ms", 1e-3], ["µs", 1e-6]])) {
    if (value >= scale * 0.9995) return `${Number((value / scale).toPrecision(3))} ${unit}`;
  }
  return `${Number((value * 1e9).toPrecision(3))} ns`;
}

/** What became of a run or a build. @param {string} status */
function statusName(status) {
  const names = {
    starting: trans.__("starting"), running: trans.__("running"), done: trans.__("done"), cancelled: trans.__("stopped"), failed: trans.__("failed"),
  };
  return names[status] ?? status;
}

/** @param {string} kind @param {string} text @param {string} [remedy] */
function note(kind, text, remedy = "") {
  return make("div", { class: `jja-note jja-${kind}`, text: remedy ? `${text}\n→ ${remedy}` : text });
}

