// app.js - the page: reads the address, asks for what it shows, and ties the parts together.

import { ask, onOther, stop } from "./ask.js";
import { drawChips } from "./chips.js";
import { listenToDrops } from "./compare.js";
import { applyTheme, drawGraphs, drawPanes, drawTable, layout } from "./draw.js";
import { flamePng, flameSvg } from "./export.js";
import { preferUnit } from "./format.js";
import { sampleNumber, showInfo, useInfo } from "./info.js";
import { key, openHelp } from "./keys.js";
import { closeMenu } from "./menu.js";
import { listenToNote, showNote } from "./note.js";
import { openOptions } from "./options.js";
import { callers, flame, table } from "./parts.js";
import { showText } from "./report.js";
import { openViews } from "./saved.js";
import { openExport } from "./savemenu.js";
import { $, complain, say } from "./say.js";
import { search } from "./search.js";
import { boxMenu, showFunction } from "./select.js";
import { shown } from "./shown.js";
import { addressOf, change, go, onChange, readAddress, state } from "./state.js";
import { describe } from "./tip.js";

async function show() {
  applyTheme();
  closeMenu();
  $("tip").hidden = true;
  delete $("status").dataset.error;
  showNote("", false);
  drawPanes();
  if (!shown.info)
    return;
  preferUnit(state.unit);
  drawChips();
  $("sample").value = sampleNumber();
  try {
    if (["flamegraph", "top"].includes(state.view)) {
      const wanted = [];
      if (layout() !== "flame")
        wanted.push(drawTable());
      if (layout() !== "table")
        wanted.push(drawGraphs());
      else
        $("path").replaceChildren();
      await Promise.all(wanted);
      await search().catch(complain);
      const drawn = layout() === "flame" ? shown.tree : shown.top;
      if (drawn?.total === 0 && !shown.info.compared)
        showNote(`There is nothing to show. ${(drawn.notes ?? "").trim().replace(/\n/g, "; ")}`, false);
    } else {
      $("path").replaceChildren();
      await showText(state.view, { say, menu: boxMenu, open: showFunction });
    }
    document.documentElement.dataset.ready = addressOf(state);
  } catch (error) {
    complain(error);
    if (["flamegraph", "top"].includes(state.view))
      forget(error.message);
    document.documentElement.dataset.ready = "error";
  }
}

// What was drawn before is not what the address says.
function forget(why) {
  showNote(why, true);
  shown.drawn = {};
  flame.clear();
  callers.clear();
  table.clear();
}

function listen() {
  let typed = 0;
  $("search").addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      change({ q: $("search").value }, { replace: true });
      search().catch(complain);
    }, 120);
  });
  $("filter").addEventListener("input", () => {
    try {
      table.setFilter($("filter").value ? new RegExp($("filter").value, "i") : null);
      $("filter").setCustomValidity("");
    } catch (error) {
      $("filter").setCustomValidity(error.message);
    }
  });
  $("sample").addEventListener("change", () => go({ si: shown.info.types[$("sample").value].type, z: "" }));
  $("options-button").addEventListener("click", openOptions);
  $("export-button").addEventListener("click", openExport);
  $("views-button").addEventListener("click", openViews);
  $("help-button").addEventListener("click", openHelp);
  $("stop-button").addEventListener("click", stop);
  listenToDrops();
  listenToNote();
  $("sandwich-close").addEventListener("click", () => go({ p: "" }));
  for (const [id, mode] of [["mode-functions", "functions"], ["mode-tree", "tree"]])
    $(id).addEventListener("click", () => {
      shown.tableMode = mode;
      shown.drawn.mode = "";
      $("mode-functions").setAttribute("aria-pressed", mode === "functions");
      $("mode-tree").setAttribute("aria-pressed", mode === "tree");
      drawTable().then(drawGraphs).catch(complain);
    });
  $("pattern-form").addEventListener("submit", (e) => { e.preventDefault(); go({ f: $("pattern").value }); });
  document.addEventListener("keydown", key);
  window.addEventListener("popstate", () => { readAddress(); show(); });
  let wide = innerWidth >= 760;
  window.addEventListener("resize", () => {
    if (wide !== innerWidth >= 760) {
      wide = !wide;
      show();
    }
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { applyTheme(); flame.redraw(); callers.redraw(); });
  for (const link of document.querySelectorAll("#views a"))
    link.addEventListener("click", (e) => {
      if (e.ctrlKey || e.metaKey || e.shiftKey)
        return;
      e.preventDefault();
      go({ view: link.dataset.view });
    });
}

async function start() {
  onChange(show);
  readAddress();
  applyTheme();
  drawPanes();
  listen();
  onOther(() => useInfo().then(() => go({ z: "", p: "" }, { replace: true })).then(() => say("Another profile was loaded.")).catch(complain));
  try {
    shown.info = await ask("info", "");
  } catch (error) {
    complain(error);
    return;
  }
  showInfo();
  await show();
}

// For those who look from the console, and for tests.
window.sonde = {
  flame, callers, table, state,
  svg: () => flameSvg(flame, `${shown.info.title}: ${flame.tree.type}`, describe),
  png: () => flamePng(flame),
};

start();
