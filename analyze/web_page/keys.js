// keys.js - the page by keyboard.

import { openDialog } from "./menu.js";
import { chooseSample, flip } from "./options.js";
import { callers, flame } from "./parts.js";
import { $, say } from "./say.js";
import { nextHit } from "./search.js";
import { boxMenu, select, showFunction, zoomTo } from "./select.js";
import { shown } from "./shown.js";
import { exactly, go, state } from "./state.js";

const keys = [
  ["/", "search; Enter and Shift Enter go through what was found"], ["0", "show all"], ["w s + −", "zoom"], ["a d", "pan"],
  ["arrows", "caller, callee, neighbours of the chosen box"], ["Enter", "zoom to the chosen box"], ["Space", "callers and callees of it"],
  ["m", "menu of it"], ["c", "copy its name"], ["1 2 3 4", "graph, table and graph, top, source"], ["n p", "next and previous sample type"],
  ["r", "collapse recursion"], ["i", "invert"], ["f", "flip: root below"], ["o", "order of siblings"], ["Esc", "leave, clear"], ["?", "this list"],
];

export function openHelp() {
  const list = document.createElement("table");
  for (const [key, text] of keys) {
    const row = list.insertRow();
    row.insertCell().append(...key.split(" ").flatMap((k) => {
      const element = document.createElement("kbd");
      element.textContent = k;
      return [element, " "];
    }));
    row.insertCell().textContent = text;
  }
  const about = document.createElement("p");
  about.textContent = "Widths are shares of the chosen sample type. A dot before a name: inlined. Stripes: callees too narrow to draw.";
  const comments = document.createElement("pre");
  comments.textContent = shown.info.comments.join("\n");
  openDialog("Keys", list, about, comments);
}

function activeFlame() {
  return document.activeElement === callers.canvas ? callers : flame;
}

function escapeKey() {
  if (state.q)
    go({ q: "" }, { replace: true });
  else if (state.p)
    go({ p: "" });
  else if (state.z)
    go({ z: "" });
}

export function key(event) {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "f" && (event.ctrlKey || event.metaKey) && document.activeElement !== $("search")) {
    event.preventDefault();
    $("search").focus();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || $("dialog").open)
    return;
  if (event.target === $("search")) {
    if (event.key === "Enter")
      nextHit(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape")
      $("search").blur();
    return;
  }
  if (typing || !shown.info)
    return;
  if (state.view === "graph" && /^[-+=ws0]$/.test(event.key)) {
    const at = { "-": 1, "s": 1, "0": 2 }[event.key] ?? 0;
    document.querySelectorAll("#picture-bar button")[at].click();
    event.preventDefault();
    return;
  }
  const view = activeFlame(), node = view.focused;
  const actions = {
    "/": () => $("search").focus(), "?": openHelp, "Escape": escapeKey,
    "0": () => { view.scale = 1; view.left = 0; view.redraw(); go({ z: "" }); },
    "w": () => view.zoomAt(1.5, 0.5), "+": () => view.zoomAt(1.5, 0.5), "=": () => view.zoomAt(1.5, 0.5),
    "s": () => view.zoomAt(1 / 1.5, 0.5), "-": () => view.zoomAt(1 / 1.5, 0.5),
    "a": () => view.pan(-0.15), "d": () => view.pan(0.15),
    "1": () => go({ view: "flamegraph", lay: "flame" }), "2": () => go({ view: "flamegraph", lay: "both" }),
    "3": () => go({ view: "top" }), "4": () => go({ view: "source", f: shown.selected ? exactly(shown.selected) : state.f }),
    "r": () => flip("rec"), "i": () => flip("inv"), "f": () => flip("flip"), "o": () => go({ o: state.o ? "" : "weight" }),
    "n": () => chooseSample(1), "p": () => chooseSample(-1),
    "c": () => shown.selected && navigator.clipboard.writeText(shown.selected).then(() => say("Copied: " + shown.selected), () => say(shown.selected)),
  };
  if (event.key.startsWith("Arrow") && view.tree && !$("flame-pane").hidden && event.target.closest(".flame, body") &&
      !event.target.closest("#table, #text, header")) {
    const next = view.neighbour(node, event.key);
    view.setFocus(next);
    select(view.tree.name(next));
  } else if (event.key === "Enter" && event.target === view.canvas && node >= 0) {
    view === flame && !state.p ? zoomTo(node) : showFunction(view.tree.name(node));
  } else if (event.key === " " && event.target === view.canvas && node >= 0) {
    showFunction(view.tree.name(node));
  } else if ((event.key === "m" || event.key === "ContextMenu") && node >= 0 && event.target === view.canvas) {
    const box = view.canvas.getBoundingClientRect();
    boxMenu(view.tree.name(node), { clientX: box.left + box.width / 3, clientY: box.top + 60 }, view === flame && !state.p ? () => zoomTo(node) : null);
  } else if (actions[event.key]) {
    actions[event.key]();
  } else {
    return;
  }
  event.preventDefault();
}
