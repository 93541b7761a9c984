// tree.js - columns from the server as a tree that can be drawn.

export class Tree {
  constructor(answer, part = answer) {
    const n = part.nodes;
    this.frames = part.frames;
    this.unit = answer.unit;
    this.type = answer.type;
    this.quantum = answer.quantum;
    this.whole = answer.whole;
    this.total = answer.total;
    this.notes = answer.notes;
    this.size = n.frame.length;
    Object.assign(this, n);
    this.compared = !!n.old;
    this.old = n.old || null;
    this.oldSelf = n.oldSelf || null;
    this.findParents();
  }

  findParents() {
    this.parent = new Int32Array(this.size);
    this.children = Array.from({ length: this.size }, () => []);
    const open = [];
    for (let i = 0; i < this.size; i++) {
      open.length = this.depth[i];
      this.parent[i] = open.length ? open[open.length - 1] : -1;
      if (open.length)
        this.children[this.parent[i]].push(i);
      open.push(i);
    }
    this.height = this.size ? 1 + this.depth.reduce((a, b) => Math.max(a, b), 0) : 0;
  }

  name(i) { return this.frame[i] < 0 ? "root" : this.frames.name[this.frame[i]]; }
  file(i) { return this.frame[i] < 0 ? "" : this.frames.file[this.frame[i]]; }
  module(i) { return this.frame[i] < 0 ? "" : this.frames.module[this.frame[i]]; }
  id(i) { return this.frame[i] < 0 ? -1 : this.frames.id[this.frame[i]]; }

  // Width of a box: in a comparison both sides, so that what is gone can be seen.
  weight(i) { return Math.abs(this.value[i]) + (this.compared ? Math.abs(this.old[i]) : 0); }
  selfWeight(i) { return Math.abs(this.self[i]) + (this.compared ? Math.abs(this.oldSelf[i]) : 0); }

  // Left edge and width of each box as parts of the root, children by name or by weight.
  layOut(byWeight) {
    this.x = new Float64Array(this.size);
    this.w = new Float64Array(this.size);
    if (!this.size)
      return;
    const total = this.weight(0) || 1;
    const order = byWeight ? (a, b) => this.weight(b) - this.weight(a)
      : (a, b) => (this.name(a) < this.name(b) ? -1 : this.name(a) > this.name(b) ? 1 : 0);
    this.w[0] = 1;
    for (let i = 0; i < this.size; i++) {
      let x = this.x[i];
      this.children[i].sort(order);
      for (const c of this.children[i]) {
        this.x[c] = x;
        this.w[c] = this.weight(c) / total;
        x += this.w[c];
      }
    }
  }

  // What is hidden below a node because it would be too narrow.
  hiddenWeight(i) {
    if (!this.hidden[i])
      return 0;
    let rest = this.weight(i) - this.selfWeight(i);
    for (const c of this.children[i])
      rest -= this.weight(c);
    return Math.max(rest, 0);
  }

  // Frame ids from the root of this tree down to the node.
  pathTo(i) {
    const path = [];
    for (; i > 0; i = this.parent[i])
      path.unshift(this.id(i));
    return path;
  }
}
