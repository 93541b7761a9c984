// flame_stacks.js - a tree as a file for other tools: each box with what it costs itself.

// take(nodes from the first below the root to the box, weight, is it what was too small to be drawn?)
function eachStack(tree, take) {
  const path = [];
  for (let i = 0; i < tree.size; i++) {
    path.length = tree.depth[i];
    path.push(i);
    const small = tree.hiddenWeight(i);
    if (tree.self[i] && i)
      take(path.slice(1), tree.self[i], false);
    if (small)
      take(path.slice(1), small, true);
  }
}

const smallName = "(smaller)";

// As flamegraph.pl reads them: without the characters that part names and lines.
export function foldedText(tree) {
  const lines = [], plain = (name) => name.replace(/;/g, ":").replace(/[\n\r]/g, " ");
  eachStack(tree, (path, weight, isSmall) => {
    const names = path.map((i) => plain(tree.name(i)));
    lines.push(`${[...names, ...(isSmall ? [smallName] : [])].join(";")} ${weight}\n`);
  });
  return lines.join("");
}

const units = ["nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"];

export function speedscopeText(tree, name) {
  const small = tree.frames.name.length, samples = [], weights = [];
  eachStack(tree, (path, weight, isSmall) => {
    samples.push([...path.map((i) => tree.frame[i]), ...(isSmall ? [small] : [])]);
    weights.push(weight);
  });
  const frames = tree.frames.name.map((text, i) => ({ name: text, ...(tree.frames.file[i] ? { file: tree.frames.file[i] } : {}) }));
  const profile = { type: "sampled", name: tree.type, unit: units.includes(tree.unit) ? tree.unit : "none", startValue: 0,
    endValue: weights.reduce((a, b) => a + b, 0), samples, weights };
  return JSON.stringify({ $schema: "https://www.speedscope.app/file-format-schema.json", exporter: "sonde", name,
    shared: { frames: [...frames, { name: smallName }] }, profiles: [profile] });
}
