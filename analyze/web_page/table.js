// table.js - functions or the call tree as a tree grid: the twin of the canvas for keyboards and
// screen readers.  Only the rows in the window are in the document.

import { formatDelta, formatShare, formatValue, isNoise } from "./format.js";
import { scopesOf } from "./names.js";
import { Tree } from "./tree.js";

const rowHeight = 24;

// A row: { name, id, flat, cum, oldFlat, oldCum, inline, level, open, children } with children null
// (none), an array, or a function that fetches them.
export class Table {
  // on: { choose(row), open(row), menu(row, event) }
  constructor(element, on) {
    this.element = element;
    this.on = on;
    this.rows = [];
    this.shown = [];
    this.sort = { key: "flat", down: true };
    this.filter = null;
    this.selected = -1;
    this.marked = null;
    this.grid = document.createElement("div");
    this.grid.className = "grid";
    this.grid.setAttribute("role", "treegrid");
    this.grid.setAttribute("aria-label", "Functions and what they cost");
    this.head = this.grid.appendChild(document.createElement("div"));
    this.head.className = "row head";
    this.head.setAttribute("role", "row");
    this.body = this.grid.appendChild(document.createElement("div"));
    this.body.className = "body";
    this.body.setAttribute("role", "rowgroup");
    element.append(this.grid);
    element.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(element);
    this.grid.addEventListener("keydown", (e) => this.key(e));
    this.body.addEventListener("click", (e) => this.click(e));
    this.body.addEventListener("dblclick", (e) => { const row = this.rowOf(e.target); if (row) this.on.open(row); });
    this.body.addEventListener("contextmenu", (e) => {
      const row = this.rowOf(e.target);
      if (!row)
        return;
      e.preventDefault();
      this.select(this.shown.indexOf(row));
      this.on.menu(row, e);
    });
  }

  columns() {
    return this.compared
      ? [["oldFlat", "old", 1], ["flat", "new", 1], ["delta", "flat Δ", 1], ["deltaCum", "cum Δ", 1], ["name", "function", 0]]
      : [["flat", "flat", 1], ["flatShare", "flat%", 1], ["cum", "cum", 1], ["cumShare", "cum%", 1], ["name", "function", 0]];
  }

  // answer: of data/top or data/flame; total is what 100 % is.
  setFunctions(answer, total) {
    const f = answer.frames;
    this.use(answer, total);
    this.rows = f.name.map((name, i) => ({
      name, id: f.id[i], file: f.file[i], module: f.module[i], flat: answer.flat[i], cum: answer.cum[i],
      oldFlat: answer.oldFlat ? answer.oldFlat[i] : 0, oldCum: answer.oldCum ? answer.oldCum[i] : 0,
      inline: answer.inline[i], level: 1, open: false, children: () => this.on.callees(name),
    }));
    this.sort = { key: this.compared ? "delta" : "flat", down: true };
    this.refresh();
  }

  setTree(tree, total) {
    this.use(tree, total);
    this.rows = tree.size ? [this.treeRow(tree, 0, 1)] : [];
    if (this.rows.length)
      this.rows[0].open = true;
    this.sort = { key: "cum", down: true };
    this.refresh();
  }

  use(answer, total) {
    this.unit = answer.unit;
    this.quantum = answer.quantum;
    this.total = total;
    this.compared = answer.compared ?? answer.old !== undefined;
    this.selected = -1;
  }

  treeRow(tree, i, level) {
    const row = {
      name: tree.name(i), id: tree.id(i), file: tree.file(i), module: tree.module(i), flat: tree.self[i], cum: tree.value[i],
      oldFlat: tree.compared ? tree.oldSelf[i] : 0, oldCum: tree.compared ? tree.old[i] : 0, inline: tree.inline[i],
      level, open: false, tree, node: i, hidden: tree.hidden[i], children: null,
    };
    if (tree.children[i].length)
      row.children = () => tree.children[i].map((c) => this.treeRow(tree, c, level + 1));
    return row;
  }

  rowsOf(answer, level) {
    const tree = new Tree(answer, answer.callees);
    return tree.size ? tree.children[0].map((c) => this.treeRow(tree, c, level)) : [];
  }

  value(row, key) {
    if (key === "delta")
      return row.flat - row.oldFlat;
    if (key === "deltaCum")
      return row.cum - row.oldCum;
    return row[key.replace("Share", "")];
  }

  compare(a, b) {
    const { key, down } = this.sort;
    if (key === "name")
      return (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) * (down ? 1 : -1);
    let order = Math.abs(this.value(b, key)) - Math.abs(this.value(a, key));
    if (order === 0)
      order = Math.abs(b.cum) - Math.abs(a.cum);
    return order * (down ? 1 : -1) || (a.name < b.name ? -1 : 1);
  }

  clear() {
    this.rows = [];
    this.refresh();
  }

  setFilter(expression) {
    this.filter = expression;
    this.refresh();
  }

  setMarked(ids) {
    this.marked = ids;
    this.draw();
  }

  // Make the list of rows that are open to view.
  refresh() {
    const kept = this.selected >= 0 ? this.shown[this.selected] : null;
    const shown = [];
    const add = (rows, filter) => {
      for (const row of [...rows].sort((a, b) => this.compare(a, b))) {
        if (filter && !filter.test(row.name))
          continue;
        shown.push(row);
        if (row.open) {
          if (typeof row.children === "function") {
            const made = row.children();
            if (made instanceof Promise) {
              row.children = [];
              made.then((answer) => {
                row.children = answer ? this.rowsOf(answer, row.level + 1) : [];
                this.refresh();
              });
            } else {
              row.children = made;
            }
          }
          add(row.children || [], null);
        }
      }
    };
    add(this.rows, this.filter);
    this.shown = shown;
    this.selected = kept ? shown.indexOf(kept) : -1;
    this.drawHead();
    this.draw();
    if (this.on.count)
      this.on.count(shown.length, this.rows.length);
  }

  drawHead() {
    this.head.replaceChildren(...this.columns().map(([key, title, isNumber]) => {
      const cell = document.createElement("span");
      cell.className = "cell " + (isNumber ? key.endsWith("Share") ? "share" : "" : "name");
      cell.setAttribute("role", "columnheader");
      cell.setAttribute("aria-sort", this.sort.key === key ? (this.sort.down ? "descending" : "ascending") : "none");
      const button = cell.appendChild(document.createElement("button"));
      button.textContent = title + (this.sort.key === key ? (this.sort.down ? " ▾" : " ▴") : "");
      button.title = "Sort by " + title;
      button.addEventListener("click", () => {
        this.sort = { key, down: this.sort.key === key ? !this.sort.down : true };
        this.refresh();
      });
      return cell;
    }));
    this.grid.setAttribute("aria-rowcount", this.shown.length + 1);
    this.body.style.height = this.shown.length * rowHeight + "px";
  }

  draw() {
    const top = Math.max(0, Math.floor((this.element.scrollTop - rowHeight) / rowHeight) - 4);
    const count = Math.ceil((this.element.clientHeight || 600) / rowHeight) + 10;
    const hadFocus = this.body.contains(document.activeElement);
    const rows = this.shown.slice(top, top + count).map((row, i) => this.drawRow(row, top + i));
    if (rows.length && !rows.some((r) => r.tabIndex === 0))
      rows[0].tabIndex = 0; // the chosen one is out of sight
    this.body.replaceChildren(...rows);
    if (hadFocus)
      this.focusSelected();
  }

  cell(row, key) {
    switch (key) {
    case "flatShare": return formatShare(row.flat, this.total);
    case "cumShare": return formatShare(row.cum, this.total);
    case "delta": return formatDelta(row.flat - row.oldFlat, this.unit);
    case "deltaCum": return formatDelta(row.cum - row.oldCum, this.unit);
    default: return formatValue(row[key], this.unit);
    }
  }

  drawRow(row, index) {
    const element = document.createElement("div");
    element.className = "row" + (this.marked && this.marked.has(row.id) ? " hit" : "");
    element.style.top = index * rowHeight + "px";
    element.dataset.index = index;
    element.tabIndex = index === Math.max(this.selected, 0) ? 0 : -1;
    element.setAttribute("role", "row");
    element.setAttribute("aria-level", row.level);
    element.setAttribute("aria-rowindex", index + 2);
    element.setAttribute("aria-selected", index === this.selected);
    if (row.children)
      element.setAttribute("aria-expanded", row.open);
    for (const [key, , isNumber] of this.columns()) {
      const cell = element.appendChild(document.createElement("span"));
      cell.className = "cell " + (isNumber ? key.endsWith("Share") ? "share" : "" : "name");
      cell.setAttribute("role", "gridcell");
      if (isNumber) {
        cell.textContent = this.cell(row, key);
        if (key === "delta" && isNoise(row.flat, row.oldFlat, this.quantum) ||
            key === "deltaCum" && isNoise(row.cum, row.oldCum, this.quantum)) {
          cell.classList.add("quiet");
          cell.title = "within sampling noise";
        }
      } else {
        this.drawName(cell, row);
      }
    }
    return element;
  }

  drawName(cell, row) {
    cell.style.paddingLeft = 4 + (row.level - 1) * 14 + "px";
    const toggle = cell.appendChild(document.createElement("span"));
    toggle.className = "toggle";
    toggle.textContent = row.children ? (row.open ? "▾" : "▸") : "";
    // Where there is no room the scopes give way first.
    const at = scopesOf(row.name).at(-1);
    for (const [kind, text] of [["scope", row.name.slice(0, at)], ["own", row.name.slice(at)]]) {
      if (!text)
        continue;
      const part = cell.appendChild(document.createElement("span"));
      part.className = kind;
      part.textContent = text;
    }
    cell.title = row.name + (row.file ? "\n" + row.file : "") + (row.module ? "\n" + row.module : "");
    if (row.inline) {
      const mark = cell.appendChild(document.createElement("span"));
      mark.className = "inline";
      mark.textContent = row.inline === 2 ? "(partial-inline)" : "(inline)";
    }
  }

  rowOf(target) {
    const element = target.closest(".body .row");
    return element ? this.shown[element.dataset.index] : null;
  }

  click(event) {
    const row = this.rowOf(event.target);
    if (!row)
      return;
    if (event.target.classList.contains("toggle") && row.children)
      this.toggle(row);
    this.select(this.shown.indexOf(row));
    this.focusSelected();
    this.on.choose(row);
  }

  toggle(row, open = !row.open) {
    row.open = open && !!row.children;
    this.refresh();
  }

  select(index) {
    this.selected = index;
    if (index >= 0) {
      const top = index * rowHeight, view = this.element;
      if (top < view.scrollTop)
        view.scrollTop = top;
      else if (top + 2 * rowHeight > view.scrollTop + view.clientHeight)
        view.scrollTop = top + 2 * rowHeight - view.clientHeight;
    }
    this.draw();
  }

  // Select the first row of a function; from outside.
  selectName(name) {
    this.select(this.shown.findIndex((row) => row.name === name));
  }

  focusSelected() {
    const element = this.body.querySelector(`[data-index="${this.selected}"]`);
    if (element)
      element.focus({ preventScroll: true });
  }

  key(event) {
    const last = this.shown.length - 1, row = this.shown[this.selected];
    const to = { ArrowDown: this.selected + 1, ArrowUp: this.selected - 1, Home: 0, End: last,
      PageDown: this.selected + 20, PageUp: this.selected - 20 }[event.key];
    if (event.target.closest(".head") || event.ctrlKey || event.altKey || event.metaKey)
      return;
    if (to !== undefined) {
      this.select(Math.min(Math.max(to, 0), last));
      if (this.shown[this.selected])
        this.on.choose(this.shown[this.selected]);
    } else if (event.key === "ArrowRight" && row && row.children && !row.open) {
      this.toggle(row, true);
    } else if (event.key === "ArrowRight" && row && row.open) {
      this.select(Math.min(this.selected + 1, last));
    } else if (event.key === "ArrowLeft" && row && row.open) {
      this.toggle(row, false);
    } else if (event.key === "ArrowLeft" && row && row.level > 1) {
      let up = this.selected;
      while (this.shown[up].level >= row.level)
        up--;
      this.select(up);
    } else if (event.key === "Enter" && row) {
      this.on.open(row);
    } else if ((event.key === "ContextMenu" || event.key === "m") && row) {
      this.on.menu(row, event);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.focusSelected();
  }
}
