// state.js - what the page shows, kept whole in its address: the view is the path, the rest the
// query, in pprof's names where it has one.

const views = ["flamegraph", "top", "graph", "peek", "source", "disasm"];

// Those that go to the server with every question.
export const filterKeys = ["f", "i", "h", "s", "sf", "prunefrom", "tf", "ti", "ts", "th", "si", "g", "noinlines",
  "rel", "mean", "dropneg", "group", "inv", "rec", "n", "nf", "ef", "unit", "trim", "calltree", "compact", "showcolumns", "intel"];

// Ours, for the page alone: z zoom, p function in the middle, q search, o order of siblings,
// flip root below, col colours, theme, lay what is beside what.
const pageKeys = ["z", "p", "q", "o", "flip", "col", "theme", "lay"];

export const state = { view: "flamegraph" };

export function readAddress() {
  const params = new URLSearchParams(location.search);
  const last = location.pathname.split("/").pop();
  for (const key of [...filterKeys, ...pageKeys])
    state[key] = params.get(key) || "";
  state.view = views.includes(last) ? last : "flamegraph";
}

export function addressOf(s) {
  const params = new URLSearchParams();
  for (const key of [...filterKeys, ...pageKeys])
    if (s[key])
      params.set(key, s[key]);
  const query = params.toString();
  return s.view + (query ? "?" + query : "");
}

// Change some of it.  Small steps, as typing a search, replace the entry in the history.
export function change(changes, { replace = false } = {}) {
  Object.assign(state, changes);
  const address = addressOf(state);
  history[replace ? "replaceState" : "pushState"](null, "", address);
}

export function serverQuery(extra = {}) {
  const params = new URLSearchParams();
  for (const key of filterKeys)
    if (state[key])
      params.set(key, state[key]);
  for (const [key, value] of Object.entries(extra))
    if (value !== "" && value !== undefined)
      params.set(key, value);
  return params.toString();
}

// A regular expression that matches this name and no other.
export function exactly(name) {
  return "^" + name.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") + "$";
}

// The name in such an expression, or "" when it is another kind of expression.
export function nameIn(expression) {
  if (!/^\^(?:[^\\^$.*+?()[\]{}|]|\\.)*\$$/s.test(expression))
    return "";
  return expression.slice(1, -1).replace(/\\(.)/gs, "$1");
}

let redraw = () => {};

// What draws the page anew when the state is another.
export function onChange(draw) {
  redraw = draw;
}

// Go to another state of the page.
export function go(changes, options) {
  change(changes, options);
  return redraw();
}

export function goTo(address) {
  history.pushState(null, "", address);
  readAddress();
  return redraw();
}
