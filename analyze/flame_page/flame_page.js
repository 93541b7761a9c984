// flame_page.js - a flame graph of the data that report_flame.c writes.
//
// data.frames has columns by frame: name, file, line, binary.  data.tree has columns by box: frame (-1 = a heap of
// boxes that were too small to write), parent (-1 = none), self, and in a comparison before.  Parents come before
// their children; leftOut belongs to the last boxes, those of frame -1.  All text reaches the page as text, never as HTML.
"use strict";

// ---- numbers as text ----

const unitFamilies = [
	{ names: ["nanoseconds", "nanosecond", "ns"], units: [[1, "ns"], [1e3, "us"], [1e6, "ms"], [1e9, "s"], [3.6e12, "h"]] },
	{ names: ["microseconds", "microsecond", "us"], units: [[1, "us"], [1e3, "ms"], [1e6, "s"], [3.6e9, "h"]] },
	{ names: ["milliseconds", "millisecond", "ms"], units: [[1, "ms"], [1e3, "s"], [3.6e6, "h"]] },
	{ names: ["seconds", "second", "s"], units: [[1, "s"], [3600, "h"]] },
	{ names: ["bytes", "byte", "b"], units: [[1, "B"], [2 ** 10, "kB"], [2 ** 20, "MB"], [2 ** 30, "GB"], [2 ** 40, "TB"]] },
];

function valueText(value, unit) {
	const family = unitFamilies.find((f) => f.names.includes(unit));
	const size = Math.abs(value);
	if (!family)
		return value.toLocaleString("en-US") + (unit && unit !== "count" ? " " + unit : "");
	let best = family.units[0];
	for (const u of family.units)
		if (size >= u[0])
			best = u;
	const scaled = value / best[0];
	return (Number.isInteger(scaled) ? String(scaled) : scaled.toFixed(2)) + " " + best[1];
}

function percentText(part, whole) {
	if (!whole || !part)
		return "0%";
	const p = Math.abs(part / whole) * 100;
	return (p >= 99.95 ? p.toFixed(0) : p >= 10 ? p.toFixed(1) : p.toFixed(2)) + "%";
}

// ---- the tree ----

// Boxes of the data, and one more, the last, that holds all of them.
function readTree(data) {
	const t = data.tree, n = t.self.length, root = n;
	const tree = {
		n: n + 1, root,
		frame: t.frame.concat(-2), parent: t.parent.map((p) => (p < 0 ? root : p)).concat(-1),
		self: Float64Array.from(t.self.concat(t.emptySelf)), before: new Float64Array(n + 1),
		total: new Float64Array(n + 1), totalBefore: new Float64Array(n + 1),
		children: Array.from({ length: n + 1 }, () => []),
		leftOut: new Array(n + 1).fill(0),
		x: new Float64Array(n + 1), depth: new Int32Array(n + 1), height: 0,
	};
	for (let i = 0; data.comparison && i < n; i++)
		tree.before[i] = t.before[i];
	tree.before[root] = t.emptyBefore;
	t.leftOut.forEach((count, i) => { tree.leftOut[n - t.leftOut.length + i] = count; });
	const add = (i) => {
		tree.total[i] += tree.self[i];
		tree.totalBefore[i] += tree.before[i];
		if (i === root)
			return;
		tree.total[tree.parent[i]] += tree.total[i];
		tree.totalBefore[tree.parent[i]] += tree.totalBefore[i];
		tree.children[tree.parent[i]].push(i);
	};
	// The heaps stand behind all others, then children stand behind parents.
	for (let i = n - 1; i >= 0; i--)
		add(i);
	add(root);
	return tree;
}

function weightOf(tree, i) {
	return tree.total[i] + tree.totalBefore[i];
}

function placeBoxes(tree, nameOf, byName) {
	const order = byName
		? (a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : weightOf(tree, b) - weightOf(tree, a))
		: (a, b) => weightOf(tree, b) - weightOf(tree, a) || (nameOf(a) < nameOf(b) ? -1 : 1);
	const open = [tree.root];
	tree.x[tree.root] = 0;
	tree.depth[tree.root] = 0;
	tree.height = 1;
	while (open.length) {
		const i = open.pop();
		let x = tree.x[i];
		tree.children[i].sort((a, b) => (tree.frame[a] < 0) - (tree.frame[b] < 0) || order(a, b));
		for (const c of tree.children[i]) {
			tree.x[c] = x;
			tree.depth[c] = tree.depth[i] + 1;
			tree.height = Math.max(tree.height, tree.depth[c] + 1);
			x += weightOf(tree, c);
			open.push(c);
		}
	}
}

// ---- colours ----

function hashText(s) {
	let h = 2166136261;
	for (let i = 0; i < s.length; i++)
		h = Math.imul(h ^ s.charCodeAt(i), 16777619);
	h ^= h >>> 15;
	return (Math.imul(h, 2246822519) >>> 0) / 4294967296;
}

// What a function belongs to: its package, namespace or binary.
function familyOf(name, binary) {
	const plain = name.replace(/[(<].*$/, "");
	const scopes = plain.split("::");
	if (scopes.length > 1)
		return scopes.slice(0, scopes.length > 2 ? 2 : 1).join("::");
	const cut = plain.indexOf(".", plain.lastIndexOf("/") + 1);
	return cut > 0 ? plain.slice(0, cut) : binary;
}

function boxColor(g, i) {
	const dark = g.dark, frame = g.tree.frame[i];
	if (frame < 0)
		return dark ? "#3a4049" : "#dfe3e8";
	if (g.data.comparison) {
		const a = g.tree.total[i], b = g.tree.totalBefore[i];
		const share = a + b ? (a - b) / (a + b) : 0, strength = Math.min(1, Math.abs(share) ** 0.6);
		const hue = share > 0 ? 8 : 215;
		return `hsl(${hue} ${Math.round(12 + 68 * strength)}% ${Math.round(dark ? 34 + 4 * strength : 86 - 18 * strength)}%)`;
	}
	if (!g.colors[frame]) {
		const name = g.data.frames.name[frame], hue = Math.round(hashText(familyOf(name, g.data.frames.binary[frame])) * 360);
		const light = (dark ? 30 : 72) + Math.round(hashText(name) * 10);
		g.colors[frame] = `hsl(${hue} ${dark ? 38 : 62}% ${light}%)`;
	}
	return g.colors[frame];
}

// ---- drawing ----

const rowHeight = 19, font = "12px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";

function nameOfBox(g, i) {
	const frame = g.tree.frame[i];
	if (frame === -2)
		return "all";
	return frame < 0 ? `${g.tree.leftOut[i].toLocaleString("en-US")} smaller` : g.data.frames.name[frame];
}

function rowOf(g, i) {
	return g.flipped ? g.tree.height - 1 - g.tree.depth[i] : g.tree.depth[i];
}

// Pixels of box i: the boxes above the one that is zoomed to have the whole width.
function spanOf(g, i) {
	const zoom = g.zoom, t = g.tree, scale = g.width / (weightOf(t, zoom) || 1);
	const x = (t.x[i] - t.x[zoom]) * scale, w = weightOf(t, i) * scale;
	return t.depth[i] < t.depth[zoom] ? [0, g.width] : [x, w];
}

function fitText(g, text, width) {
	const room = Math.floor((width - 6) / g.charWidth);
	if (room < 3)
		return "";
	if (text.length <= room)
		return text;
	const short = text.slice(text.lastIndexOf("/", text.search(/[(<]|$/)) + 1);
	return short.length <= room ? short : short.slice(0, room - 1) + "\u2026";
}

function drawBox(g, i, y) {
	const c = g.context, [x, w] = spanOf(g, i), matched = g.matches && g.matches[i];
	const above = g.tree.depth[i] < g.tree.depth[g.zoom];
	c.globalAlpha = above || (g.matches && !matched) ? 0.4 : 1;
	c.fillStyle = matched ? (g.dark ? "#b1369a" : "#ee7fd8") : boxColor(g, i);
	c.fillRect(x, y, Math.max(w - (w > 3 ? 1 : 0), 0.5), rowHeight - 1);
	c.globalAlpha = 1;
	if (i === g.selected || i === g.hovered) {
		c.strokeStyle = g.dark ? "#ffffff" : "#000000";
		c.lineWidth = i === g.selected ? 2 : 1;
		c.strokeRect(x + 1, y + 1, Math.max(w - 3, 1), rowHeight - 3);
	}
	const text = fitText(g, nameOfBox(g, i), w);
	if (text) {
		c.fillStyle = g.dark ? "#f2f4f8" : "#15181c";
		c.fillText(text, x + 4, y + rowHeight / 2);
	}
}

function draw(g) {
	const c = g.context, top = g.view.scrollTop, t = g.tree;
	g.pending = false;
	c.setTransform(g.ratio, 0, 0, g.ratio, 0, 0);
	c.clearRect(0, 0, g.width, g.height);
	c.font = font;
	c.textBaseline = "middle";
	g.charWidth = c.measureText("mmmmmmmmmm").width / 10;
	const open = [];
	for (let i = g.zoom; i >= 0; i = t.parent[i])
		open.push(i);
	open.push(...t.children[g.zoom]);
	while (open.length) {
		const i = open.pop(), y = rowOf(g, i) * rowHeight - top, [, w] = spanOf(g, i);
		if (w < 0.4)
			continue;
		if (y > -rowHeight && y < g.height)
			drawBox(g, i, y);
		const past = g.flipped ? y < -rowHeight : y > g.height;
		if (!past && t.depth[i] > t.depth[g.zoom])
			open.push(...t.children[i]);
	}
}

function redraw(g) {
	if (g.pending)
		return;
	g.pending = true;
	requestAnimationFrame(() => draw(g));
}

function resize(g) {
	g.ratio = window.devicePixelRatio || 1;
	g.width = g.view.clientWidth;
	g.height = g.view.clientHeight;
	g.canvas.width = Math.round(g.width * g.ratio);
	g.canvas.height = Math.round(g.height * g.ratio);
	g.canvas.style.height = g.height + "px";
	g.spacer.style.height = Math.max(0, g.tree.height * rowHeight - g.height) + "px";
	draw(g); // at once: the canvas is empty now
}

// ---- what a box says ----

function shares(g, value) {
	const whole = percentText(value, g.data.total), zoomed = weightOf(g.tree, g.zoom);
	if (g.zoom === g.tree.root || g.data.comparison)
		return whole;
	return `${whole} of all, ${percentText(value, zoomed)} of the box shown`;
}

function signed(value, unit) {
	return (value > 0 ? "+" : "") + valueText(value, unit);
}

function costText(g, what, now, before) {
	const unit = g.data.unit;
	if (!g.data.comparison)
		return `${what} ${valueText(now, unit)} (${shares(g, now)})`;
	if (g.data.net)
		return `${what} ${signed(now - before, unit)} (${signed(now, unit)} and ${signed(-before, unit)})`;
	const delta = now - before, change = before ? ` (${delta > 0 ? "+" : ""}${(delta / before * 100).toFixed(1)}%)` : "";
	return `${what} ${valueText(before, unit)} \u2192 ${valueText(now, unit)}, ${signed(delta, unit)}${change}`;
}

function boxText(g, i) {
	const t = g.tree, frame = t.frame[i], f = g.data.frames, lines = [nameOfBox(g, i)];
	if (frame >= 0 && (f.file[frame] || f.binary[frame]))
		lines.push([f.file[frame] + (f.file[frame] && f.line[frame] ? ":" + f.line[frame] : ""),
			f.binary[frame] ? `[${f.binary[frame]}]` : ""].filter(Boolean).join(" "));
	lines.push(costText(g, "total", t.total[i], t.totalBefore[i]) + (t.children[i].length || frame < 0 ? "" : ", all of it its own"));
	if (t.children[i].length && i !== t.root)
		lines.push(costText(g, "own", t.self[i], t.before[i]));
	return lines.join("\n");
}

function showStatus(g) {
	g.status.textContent = boxText(g, g.hovered >= 0 ? g.hovered : g.selected);
}

// ---- finding ----

function boxAt(g, clientX, clientY) {
	const area = g.view.getBoundingClientRect(), t = g.tree;
	const row = Math.floor((clientY - area.top + g.view.scrollTop) / rowHeight);
	const depth = g.flipped ? t.height - 1 - row : row;
	let i = g.zoom;
	if (depth < 0 || clientX < area.left || clientX >= area.left + g.width)
		return -1;
	while (t.depth[i] > depth)
		i = t.parent[i];
	const x = t.x[g.zoom] + (clientX - area.left) / g.width * weightOf(t, g.zoom);
	while (i >= 0 && t.depth[i] < depth)
		i = t.children[i].find((c) => x >= t.x[c] && x < t.x[c] + weightOf(t, c)) ?? -1;
	return i;
}

// Which boxes match, and what they cost together: a box below a match is in its cost already.
function search(g, pattern) {
	const t = g.tree, counted = new Uint8Array(t.n);
	let cost = 0, count = 0;
	g.matches = null;
	g.field.removeAttribute("aria-invalid");
	g.found.textContent = "";
	if (!pattern)
		return;
	let regex;
	try {
		regex = new RegExp(pattern, /[A-Z]/.test(pattern) ? "" : "i");
	} catch (e) {
		g.field.setAttribute("aria-invalid", "true");
		g.found.textContent = "not a regular expression";
		return;
	}
	const hit = g.data.frames.name.map((name, i) => regex.test(name) || regex.test(g.data.frames.file[i]));
	g.matches = new Uint8Array(t.n);
	const open = [t.root];
	while (open.length) {
		const i = open.pop(), inside = i !== t.root && counted[t.parent[i]];
		g.matches[i] = t.frame[i] >= 0 && hit[t.frame[i]] ? 1 : 0;
		counted[i] = inside || g.matches[i];
		count += g.matches[i];
		if (g.matches[i] && !inside)
			cost += weightOf(t, i);
		open.push(...t.children[i]);
	}
	const whole = weightOf(t, t.root);
	g.found.textContent = count ? `${count.toLocaleString("en-US")} boxes, ${percentText(cost, whole)} of what is shown` : "no match";
}

// ---- acting ----

function showRow(g, i) {
	const y = rowOf(g, i) * rowHeight;
	if (y < g.view.scrollTop || y + rowHeight > g.view.scrollTop + g.height)
		g.view.scrollTop = y - g.height / 2;
}

function select(g, i) {
	g.selected = i;
	g.hovered = -1;
	g.tip.hidden = true;
	showRow(g, i);
	showStatus(g);
	redraw(g);
}

function zoom(g, i) {
	if (i < 0)
		return;
	g.zoom = g.tree.frame[i] === -1 ? g.tree.parent[i] : i;
	document.getElementById("reset").disabled = g.zoom === g.tree.root;
	select(g, i);
}

function back(g) {
	zoom(g, g.zoom === g.tree.root ? g.zoom : g.tree.parent[g.zoom]);
}

function isInZoom(g, i) {
	for (; i >= 0; i = g.tree.parent[i])
		if (i === g.zoom)
			return true;
	return false;
}

function step(g, key) {
	const t = g.tree, i = g.selected, siblings = i === t.root ? [i] : t.children[t.parent[i]], at = siblings.indexOf(i);
	const deeper = g.flipped ? "ArrowUp" : "ArrowDown", higher = g.flipped ? "ArrowDown" : "ArrowUp";
	if (key === deeper && t.children[i].length)
		select(g, t.children[i].reduce((a, b) => (weightOf(t, b) > weightOf(t, a) ? b : a)));
	else if (key === higher && i !== t.root)
		(isInZoom(g, t.parent[i]) ? select : zoom)(g, t.parent[i]);
	else if (key === "ArrowLeft" && at > 0)
		(isInZoom(g, siblings[at - 1]) ? select : zoom)(g, siblings[at - 1]);
	else if (key === "ArrowRight" && at + 1 < siblings.length)
		(isInZoom(g, siblings[at + 1]) ? select : zoom)(g, siblings[at + 1]);
}

function nextMatch(g, direction) {
	const t = g.tree, all = [];
	for (let i = 0; g.matches && i < t.n; i++)
		if (g.matches[i])
			all.push(i);
	if (!all.length)
		return;
	all.sort((a, b) => t.x[a] - t.x[b] || t.depth[a] - t.depth[b]);
	const at = all.indexOf(g.selected);
	const next = all[at < 0 ? (direction > 0 ? 0 : all.length - 1) : (at + direction + all.length) % all.length];
	(isInZoom(g, next) ? select : (h, i) => { h.zoom = h.tree.root; select(h, i); })(g, next);
}

function flip(g) {
	g.flipped = !g.flipped;
	g.view.scrollTop = g.flipped ? g.spacer.offsetHeight : 0;
	select(g, g.selected);
}

function sortBoxes(g) {
	g.byName = !g.byName;
	document.getElementById("sort").textContent = g.byName ? "By weight" : "By name";
	placeBoxes(g.tree, (i) => nameOfBox(g, i), g.byName);
	redraw(g);
}

function setTheme(g, dark) {
	g.dark = dark;
	g.colors = [];
	document.documentElement.dataset.theme = dark ? "dark" : "light";
	redraw(g);
}

function toggleHelp() {
	const help = document.getElementById("help"), button = document.getElementById("help-button");
	help.hidden = !help.hidden;
	button.setAttribute("aria-expanded", String(!help.hidden));
}

// ---- events ----

function onPointerMove(g, event) {
	const i = boxAt(g, event.clientX, event.clientY);
	if (i !== g.hovered) {
		g.hovered = i;
		g.tip.textContent = i >= 0 ? boxText(g, i) : "";
		g.tip.hidden = i < 0;
		showStatus(g);
		redraw(g);
	}
	if (g.tip.hidden)
		return;
	const x = Math.min(event.clientX + 14, window.innerWidth - g.tip.offsetWidth - 6);
	const below = event.clientY + 18, fits = below + g.tip.offsetHeight < window.innerHeight;
	g.tip.style.left = Math.max(x, 4) + "px";
	g.tip.style.top = (fits ? below : event.clientY - g.tip.offsetHeight - 10) + "px";
}

function leave(g) {
	g.hovered = -1;
	g.tip.hidden = true;
	showStatus(g);
	redraw(g);
}

function onKey(g, event) {
	const inField = event.target === g.field, key = event.key;
	if (event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof HTMLButtonElement && key === "Enter"))
		return;
	if (inField && key !== "Escape" && key !== "Enter")
		return;
	const actions = {
		Escape: () => (inField ? g.view.focus() : back(g)),
		Backspace: () => back(g),
		Enter: () => (inField ? nextMatch(g, event.shiftKey ? -1 : 1) : zoom(g, g.selected)),
		"/": () => { g.field.focus(); g.field.select(); },
		n: () => nextMatch(g, 1), N: () => nextMatch(g, -1),
		i: () => flip(g), s: () => sortBoxes(g), t: () => setTheme(g, !g.dark), "?": toggleHelp,
		Home: () => zoom(g, g.tree.root),
	};
	if (key.startsWith("Arrow"))
		step(g, key);
	else if (actions[key])
		actions[key]();
	else
		return;
	event.preventDefault();
}

function listen(g) {
	const on = (id, fn) => document.getElementById(id).addEventListener("click", fn);
	on("reset", () => zoom(g, g.tree.root));
	on("flip", () => flip(g));
	on("sort", () => sortBoxes(g));
	on("theme", () => setTheme(g, !g.dark));
	on("help-button", toggleHelp);
	g.view.addEventListener("pointermove", (e) => { if (e.pointerType === "mouse") onPointerMove(g, e); });
	g.view.addEventListener("pointerleave", () => leave(g));
	g.view.addEventListener("click", (e) => zoom(g, boxAt(g, e.clientX, e.clientY)));
	g.view.addEventListener("scroll", () => { g.tip.hidden = true; redraw(g); });
	g.field.addEventListener("input", () => { search(g, g.field.value); redraw(g); });
	document.getElementById("search-form").addEventListener("submit", (e) => e.preventDefault());
	document.addEventListener("keydown", (e) => onKey(g, e));
	new ResizeObserver(() => resize(g)).observe(g.view);
	window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (e) => setTheme(g, e.matches));
}

function openFlame(data) {
	const byId = (id) => document.getElementById(id), canvas = byId("canvas");
	const g = {
		data, tree: readTree(data), canvas, context: canvas.getContext("2d"), view: byId("graph"), spacer: byId("spacer"),
		tip: byId("tip"), status: byId("status"), field: byId("search"), found: byId("found"),
		selected: 0, hovered: -1, matches: null, flipped: false, byName: false, dark: false, colors: [], pending: false,
	};
	g.zoom = g.selected = g.tree.root;
	placeBoxes(g.tree, (i) => nameOfBox(g, i), false);
	byId("profile").textContent = data.header.join("\n");
	byId("reset").disabled = true;
	listen(g);
	setTheme(g, window.matchMedia("(prefers-color-scheme: dark)").matches);
	resize(g);
	showStatus(g);
	return g;
}

openFlame(JSON.parse(document.getElementById("data").textContent));
