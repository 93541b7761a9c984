// format.js - values as sonde's reports print them: the largest unit that leaves at least 1 before
// the point, two decimals at most.

const families = [
  [["nanoseconds", "nanosecond", "ns"], [["ns", 1], ["us", 1e3], ["ms", 1e6], ["s", 1e9], ["hrs", 3600e9]]],
  [["microseconds", "microsecond", "us"], [["us", 1], ["ms", 1e3], ["s", 1e6], ["hrs", 3600e6]]],
  [["milliseconds", "millisecond", "ms"], [["ms", 1], ["s", 1e3], ["hrs", 3600e3]]],
  [["seconds", "second", "s"], [["s", 1], ["hrs", 3600]]],
  [["bytes", "byte", "b"], [["B", 1], ["kB", 2 ** 10], ["MB", 2 ** 20], ["GB", 2 ** 30], ["TB", 2 ** 40], ["PB", 2 ** 50]]],
];

let wanted = ""; // a unit that the user prefers, where values can be had in it

export function preferUnit(unit) {
  wanted = unit;
}

const familyOf = (unit) => families.find(([names]) => names.includes(unit.toLowerCase()));

export function unitsLike(unit) {
  const family = familyOf(unit);
  return family ? family[1].map(([name]) => name) : [];
}

export function formatValue(value, unit) {
  if (value === 0)
    return "0";
  const family = familyOf(unit);
  if (!family)
    return unit === "count" || unit === "" ? value.toLocaleString("en-US") : value + " " + unit;
  let [name, factor] = family[1][0];
  for (const [n, f] of family[1])
    if (Math.abs(value) >= f)
      [name, factor] = [n, f];
  [name, factor] = family[1].find(([n]) => n === wanted) || [name, factor];
  return (value / factor).toFixed(2).replace(/\.00$/, "") + name;
}

export function formatShare(value, total) {
  if (!total)
    return "0%";
  const share = Math.abs(value) / Math.abs(total) * 100;
  if (share >= 99.95 && share <= 100.05)
    return "100%";
  return (share >= 1 ? share.toFixed(2) : String(Number(share.toPrecision(2)))) + "%";
}

export function formatDelta(value, unit) {
  return (value > 0 ? "+" : "") + formatValue(value, unit);
}

// Is the difference no larger than what chance gives two samplings of the same thing (two standard
// errors)?
export function isNoise(value, old, quantum) {
  const error = Math.sqrt(quantum * (Math.abs(value) + Math.abs(old)));
  return quantum > 0 && Math.abs(value - old) < 2 * error;
}

export function baseName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}
