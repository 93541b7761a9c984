// flame.js - a tree drawn as boxes on a canvas.  The canvas is as large as its window and stays in
// place while the rows scroll under it; only what can be seen is drawn.

import { diffColor, isDark, plainColor } from "./colors.js";
import { baseName, isNoise } from "./format.js";
import { scopesOf } from "./names.js";

export const rowHeight = 20;
const leastText = 22; // pixels: no text in narrower boxes

export class Flame {
  // on: { hover(node, event), choose(node), menu(node, event) }; node is -1 for nothing.
  constructor(element, on) {
    this.element = element;
    this.on = on;
    this.canvas = element.appendChild(document.createElement("canvas"));
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.room = element.appendChild(document.createElement("div"));
    this.room.className = "room";
    this.context = this.canvas.getContext("2d");
    this.tree = null;
    this.marked = null; // ids of frames that a search found
    this.focused = -1;
    this.hovered = -1;
    this.widths = new Map(); // of names, in pixels
    this.colors = {};
    this.fingers = new Map(); // on the canvas: where
    this.apart = 0;
    this.look = { flip: false, byWeight: false, colors: "file" };
    this.left = 0;
    this.scale = 1; // of the root to the window's width
    this.listen();
  }

  listen() {
    const { canvas, element } = this;
    new ResizeObserver(() => this.resize()).observe(element);
    this.watchRatio();
    element.addEventListener("scroll", () => this.redraw());
    canvas.addEventListener("mousemove", (e) => { if (!this.dragging) this.hover(this.nodeAt(e), e); });
    canvas.addEventListener("mouseleave", (e) => this.hover(-1, e));
    canvas.addEventListener("click", (e) => {
      const node = this.nodeAt(e);
      if (node >= 0 && !this.dragged)
        this.on.choose(node);
    });
    canvas.addEventListener("contextmenu", (e) => {
      const node = this.nodeAt(e);
      if (node < 0)
        return;
      e.preventDefault();
      this.setFocus(node);
      this.on.menu(node, e);
    });
    canvas.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey)
        return; // scrolls
      e.preventDefault();
      this.zoomAt(e.deltaY < 0 ? 1.25 : 0.8, e.offsetX / this.width);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (e) => {
      this.dragged = false;
      this.touch(e, true);
      if (e.button !== 0 || this.scale <= 1 || this.fingers.size > 1)
        return;
      this.dragging = { x: e.clientX, left: this.left };
      canvas.setPointerCapture(e.pointerId);
    });
    canvas.addEventListener("pointermove", (e) => {
      this.touch(e, this.fingers.has(e.pointerId));
      if (!this.dragging)
        return;
      const by = e.clientX - this.dragging.x;
      this.dragged ||= Math.abs(by) > 3;
      this.left = this.dragging.left - by / this.width / this.scale;
      this.keepInside();
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, (e) => {
        this.touch(e, false);
        this.dragging = null;
      });
  }

  // Two fingers zoom.
  touch(event, isDown) {
    if (event.pointerType !== "touch")
      return;
    if (isDown)
      this.fingers.set(event.pointerId, event.clientX);
    else
      this.fingers.delete(event.pointerId);
    const [a, b] = this.fingers.values(), apart = b === undefined ? 0 : Math.max(Math.abs(a - b), 20);
    if (apart && this.apart) {
      this.zoomAt(apart / this.apart, ((a + b) / 2 - this.canvas.getBoundingClientRect().left) / this.width);
      this.dragged = true; // no tap
    }
    if (apart)
      this.dragging = null;
    this.apart = apart;
  }

  // A window that moves to another screen may keep its size.
  watchRatio() {
    matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener("change", () => {
      this.resize();
      this.watchRatio();
    }, { once: true });
  }

  setTree(tree) {
    this.tree = tree;
    this.focused = this.hovered = -1;
    this.left = 0;
    this.scale = 1;
    tree.layOut(this.look.byWeight);
    // The observer may be long in coming, and boxes are clicked as soon as they are there.
    this.resize();
    this.fit();
    this.resize(); // without the bar that scrolls it
    this.setTop();
  }

  clear() {
    this.tree = null;
    this.focused = this.hovered = -1;
    this.fit();
  }

  // Scroll to the root.
  setTop() {
    this.element.scrollTop = this.look.flip ? this.element.scrollHeight : 0;
  }

  // Let a box have the whole width.
  zoomTo(node) {
    this.scale = Math.min(1 / (this.tree.w[node] || 1), 1e6);
    this.left = this.tree.x[node];
    this.keepInside();
  }

  setLook(look) {
    Object.assign(this.look, look);
    if (this.tree)
      this.tree.layOut(this.look.byWeight);
    this.fit();
  }

  setMarked(ids) {
    this.marked = ids;
    this.redraw();
  }

  setFocus(node) {
    this.focused = node;
    if (node >= 0)
      this.show(node);
    this.redraw();
  }

  // Scroll and pan so that a box is in the window.
  show(node) {
    const top = this.rowTop(this.tree.depth[node]);
    if (top < this.element.scrollTop)
      this.element.scrollTop = top;
    else if (top + rowHeight > this.element.scrollTop + this.height)
      this.element.scrollTop = top + rowHeight - this.height;
    const x = this.tree.x[node], end = x + this.tree.w[node], right = this.left + 1 / this.scale;
    if (end < this.left || x > right)
      this.left = x - 0.25 / this.scale;
    this.keepInside();
  }

  resize() {
    const { clientWidth, clientHeight } = this.element;
    if (!clientWidth || !clientHeight || (clientWidth === this.width && clientHeight === this.height &&
        this.ratio === window.devicePixelRatio))
      return;
    this.width = clientWidth;
    this.height = clientHeight;
    this.ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(clientWidth * this.ratio);
    this.canvas.height = Math.round(clientHeight * this.ratio);
    this.canvas.style.width = clientWidth + "px";
    this.canvas.style.height = clientHeight + "px";
    this.fit();
    this.draw();
  }

  fit() {
    const rows = this.tree ? this.tree.height : 0;
    this.rowsHeight = Math.max(rows * rowHeight, this.height || 0);
    this.room.style.height = Math.max(0, this.rowsHeight - (this.height || 0)) + "px";
    this.redraw();
  }

  rowTop(depth) {
    return this.look.flip ? this.rowsHeight - (depth + 1) * rowHeight : depth * rowHeight;
  }

  nodeAt(event) {
    const t = this.tree;
    if (!t)
      return -1;
    const y = event.offsetY + this.element.scrollTop, x = event.offsetX / this.width / this.scale + this.left;
    const depth = Math.floor(this.look.flip ? (this.rowsHeight - y) / rowHeight : y / rowHeight);
    let node = t.size && x >= 0 && x <= 1 ? 0 : -1;
    while (node >= 0 && t.depth[node] < depth)
      node = t.children[node].find((c) => x >= t.x[c] && x < t.x[c] + t.w[c]) ?? -1;
    return node;
  }

  hover(node, event) {
    if (node !== this.hovered) {
      this.hovered = node;
      this.redraw();
    }
    this.on.hover(node, event);
  }

  zoomAt(factor, at) {
    const scale = Math.min(Math.max(this.scale * factor, 1), 1e6);
    this.left += at / this.scale - at / scale;
    this.scale = scale;
    this.keepInside();
  }

  pan(part) {
    this.left += part / this.scale;
    this.keepInside();
  }

  keepInside() {
    this.left = Math.min(Math.max(this.left, 0), 1 - 1 / this.scale);
    this.redraw();
  }

  redraw() {
    if (this.frameAsked)
      return;
    this.frameAsked = true;
    requestAnimationFrame(() => {
      this.frameAsked = false;
      this.draw();
    });
  }

  // Found once for a tree and a look.
  color(i) {
    const look = `${isDark()} ${this.look.colors}`;
    if (this.colors.look !== look || this.colors.tree !== this.tree)
      this.colors = { look, tree: this.tree, of: [] };
    return this.colors.of[i] ??= this.findColor(i);
  }

  findColor(i) {
    const t = this.tree;
    if (t.frame[i] < 0)
      return isDark() ? "rgb(48,56,66)" : "rgb(232,235,239)";
    if (t.compared)
      return diffColor(t.value[i], t.old[i], isNoise(t.value[i], t.old[i], t.quantum));
    const module = baseName(t.module(i));
    return plainColor(this.look.colors === "file" && t.file(i) || module, t.name(i), t.inline[i]);
  }

  draw() {
    const c = this.context, started = performance.now();
    if (!this.width)
      return;
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    if (!this.tree)
      return;
    c.font = "12px system-ui, 'DejaVu Sans', sans-serif";
    c.textBaseline = "middle";
    const style = getComputedStyle(document.documentElement);
    this.paint = { text: style.getPropertyValue("--text"), back: style.getPropertyValue("--back"),
      mark: style.getPropertyValue("--mark"), accent: style.getPropertyValue("--accent") };
    this.drawNode(0);
    this.drawnIn = performance.now() - started;
  }

  drawNode(root) {
    const open = [root], t = this.tree, least = 0.3 / this.width / this.scale;
    const right = this.left + 1 / this.scale;
    while (open.length) {
      const i = open.pop();
      if (t.w[i] < least || t.x[i] > right || t.x[i] + t.w[i] < this.left)
        continue;
      this.drawBox(i);
      for (const child of t.children[i])
        open.push(child);
    }
  }

  drawBox(i) {
    const t = this.tree, c = this.context, y = this.rowTop(t.depth[i]) - this.element.scrollTop;
    if (y > this.height)
      return;
    const x0 = Math.max((t.x[i] - this.left) * this.scale * this.width, -1);
    const x1 = Math.min((t.x[i] + t.w[i] - this.left) * this.scale * this.width, this.width + 1);
    const width = Math.max(x1 - x0 - (x1 - x0 > 3 ? 1 : 0), 0.5);
    if (y > -rowHeight) {
      const marked = this.marked && t.frame[i] >= 0 && this.marked.has(t.id(i));
      c.globalAlpha = this.marked && !marked ? 0.45 : 1;
      c.fillStyle = marked ? this.paint.mark : this.color(i);
      c.fillRect(x0, y, width, rowHeight - 1);
      c.globalAlpha = 1;
      if (width > leastText)
        this.drawText(i, x0, y, width, marked);
      if (i === this.focused || i === this.hovered) {
        c.strokeStyle = this.paint.accent;
        c.lineWidth = i === this.focused ? 2 : 1;
        c.strokeRect(x0 + 1, y + 1, Math.max(width - 2, 0.5), rowHeight - 3);
      }
    }
    const hidden = t.hiddenWeight(i) / (t.weight(0) || 1) * this.scale * this.width;
    if (hidden > 2)
      this.drawHidden(i, x0, hidden);
  }

  // Stripes where children are that are too narrow to be drawn one by one.
  drawHidden(i, x0, width) {
    const t = this.tree, c = this.context, y = this.rowTop(t.depth[i] + 1) - this.element.scrollTop;
    const drawn = t.children[i].reduce((sum, k) => sum + t.w[k], 0) * this.scale * this.width;
    c.globalAlpha = 0.35;
    c.fillStyle = this.paint.text;
    const start = (t.x[i] - this.left) * this.scale * this.width + drawn;
    for (let x = Math.max(start, 0); x < Math.min(start + width - 1, this.width); x += 4)
      c.fillRect(x, y + 2, 1.5, rowHeight - 5);
    c.globalAlpha = 1;
  }

  drawText(i, x, y, width, marked) {
    const c = this.context, t = this.tree;
    const left = Math.max(x, 0), room = Math.min(x + width, this.width) - left - 6;
    let text = t.name(i);
    c.fillStyle = marked ? "#16202c" : this.paint.text;
    if (t.inline[i]) {
      // A dot says: inlined.
      c.globalAlpha = 0.6;
      c.fillRect(left + 4, y + rowHeight / 2 - 2, 3, 3);
      c.globalAlpha = 1;
    }
    const indent = t.inline[i] ? 10 : 4;
    text = this.cut(text, room - indent + 4);
    if (text)
      c.fillText(text, left + indent, y + rowHeight / 2);
  }

  // Measured once: most names are drawn again and again.
  widthOf(name) {
    let width = this.widths.get(name);
    if (width === undefined) {
      if (this.widths.size > 50000)
        this.widths.clear();
      this.widths.set(name, width = this.context.measureText(name).width);
    }
    return width;
  }

  // As many of a name's scopes as there is room for, else the beginning of its last part.
  cut(name, room) {
    const fits = (text) => text.length * 3.2 < room && this.widthOf(text) <= room;
    if (fits(name))
      return name;
    const scopes = scopesOf(name), from = scopes.slice(1).find((at) => fits(name.slice(at)));
    return from === undefined ? this.cutEnd(name.slice(scopes.at(-1)), room) : name.slice(from);
  }

  // From where the letters end if all are of one width.
  cutEnd(text, room) {
    const fits = (n) => this.context.measureText(text.slice(0, n) + "…").width <= room;
    const long = text.slice(0, Math.ceil(room / 3));
    let n = Math.max(0, Math.min(long.length - 1, Math.round(long.length * (room - 10) / this.widthOf(long))));
    while (n < text.length && fits(n + 1))
      n++;
    while (n > 1 && !fits(n))
      n--;
    return n > 1 ? text.slice(0, n) + "…" : "";
  }

  // The neighbour that an arrow key leads to.
  neighbour(node, key) {
    const t = this.tree;
    if (node < 0)
      return 0;
    const up = this.look.flip ? "ArrowDown" : "ArrowUp", down = this.look.flip ? "ArrowUp" : "ArrowDown";
    if (key === up)
      return t.parent[node] >= 0 ? t.parent[node] : node;
    if (key === down)
      return t.children[node].reduce((best, c) => (best < 0 || t.w[c] > t.w[best] ? c : best), -1) < 0 ? node
        : t.children[node].reduce((best, c) => (best < 0 || t.w[c] > t.w[best] ? c : best), -1);
    const siblings = t.parent[node] >= 0 ? t.children[t.parent[node]] : [node];
    const at = siblings.indexOf(node) + (key === "ArrowLeft" ? -1 : 1);
    return siblings[at] ?? node;
  }
}
