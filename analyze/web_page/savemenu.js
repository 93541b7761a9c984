// savemenu.js - the menu of what the view can be saved as.

import { chooseBase } from "./compare.js";
import { flamePng, flameSvg, save } from "./export.js";
import { openMenu } from "./menu.js";
import { flame } from "./parts.js";
import { $, say } from "./say.js";
import { shown } from "./shown.js";
import { serverQuery, state } from "./state.js";
import { describe } from "./tip.js";

export function openExport() {
  const box = $("export-button").getBoundingClientRect(), name = shown.info.title.replace(/\.pb\.gz$|\.gz$/, "");
  openMenu(box.left, box.bottom + 2, [
    ...(state.view === "flamegraph" && flame.tree ? [
      ["Flame graph as SVG", () => save(name + ".svg", "image/svg+xml", flameSvg(flame, `${shown.info.title}: ${flame.tree.type}`, describe))],
      ["Flame graph as PNG", async () => save(name + ".png", "image/png", await flamePng(flame))]] : []),
    ["Flame graph as a page of its own", () => { location.href = "export/flame?" + serverQuery(); }],
    ["Folded stacks", () => { location.href = "export/folded?" + serverQuery(); }],
    ["For speedscope", () => { location.href = "export/speedscope?" + serverQuery(); }],
    ["For the Firefox Profiler", () => { location.href = "export/firefox?" + serverQuery(); }],
    ["Profile (pprof)", () => { location.href = "download"; }], null,
    ["Compare with a profile …", chooseBase],
    ["Address of this view", () => navigator.clipboard.writeText(location.href).then(() => say("Copied the address"), () => say(location.href))],
  ]);
}
